/* base/record.h - a thing is described once.
 *
 * A record describes a struct field by field. From the one description come: reading it from JSON
 * with checks that name the field and the remedy, writing it as JSON, freeing it, and its OpenAPI
 * schema (which the interface's TypeScript types are made from). YAML files pass through JSON. */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <glib.h>
#include <jansson.h>

#include "base/fault.h"
#include "base/utc.h"

enum field_kind {
    FIELD_TEXT = 1, /* char *, owned, NULL when absent; min and max are its length in characters */
    FIELD_BOOL,     /* bool */
    FIELD_INT,      /* int64_t, between min and max */
    FIELD_SPAN,     /* struct span, written "5m"; between min and max microseconds */
    FIELD_UTC,      /* struct utc, RFC 3339 */
    FIELD_ENUM,     /* int, one of `names`; 0 when absent */
    FIELD_TEXTS,    /* GPtrArray * of char *; never NULL after record_read; min..max texts */
    FIELD_RECORD,   /* struct T *, owned, NULL when absent */
    FIELD_RECORDS,  /* GPtrArray * of struct T *; never NULL after record_read; min..max elements;
                       the array has no free function of its own: record_clear frees the elements */
    FIELD_JSON,     /* json_t *, owned reference, NULL when absent; any value */
    FIELD_CUSTOM,   /* whatever `codec` reads and writes at the offset */
};

/* A name of an enumerator, as written in files and in the API. A list ends with {NULL, 0}. */
struct enum_name {
    const char *name;
    int value;
};

/* How a field of our own type is read and written. `clear` may be NULL when nothing is owned. */
struct field_codec {
    bool (*read)(const json_t *value, void *field, struct fault *fault);
    json_t *(*write)(const void *field); /* new reference; NULL: leave the field out */
    void (*clear)(void *field);
    json_t *(*schema)(void); /* new reference: OpenAPI 3.1 schema of the value */
};

enum field_flag {
    FIELD_REQUIRED = 1,
    FIELD_SECRET = 2,    /* never written by record_write unless it is a reference such as env:X */
    FIELD_READ_ONLY = 4, /* written in answers, refused in requests */
    FIELD_ALWAYS = 8, /* of what is only answered: it always stands there, also when it is empty */
    FIELD_NULL = 16,  /* of what is only answered: it may be null */
};

struct record;

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    unsigned flags; /* of enum field_flag */
    int64_t min;    /* both 0: no bound but those of base/limits.h */
    int64_t max;
    const struct enum_name *names; /* FIELD_ENUM */
    /* FIELD_RECORD, FIELD_RECORDS; of FIELD_JSON that is a list what one of it is, only described. */
    const struct record *record;
    const struct field_codec *codec; /* FIELD_CUSTOM; of FIELD_JSON only its schema */
    const char *doc;                 /* one sentence for the API's documentation */
    const char *column; /* its name in the struct's table (db/row.h); NULL: it is not kept there */
    unsigned stored;    /* of enum column_flag */
};

struct record {
    const char *name; /* CamelCase: the schema's name in OpenAPI */
    const char *doc;
    size_t size;
    const struct field *fields;
    size_t field_count;
    const struct record *base; /* its fields stand beside these. Only described, never read */
    /* Another program's, or a map: has members beside the fields. Only described, never read. */
    bool is_open;
    /* Fills in what may be left out, after every field was read; NULL: nothing. */
    void (*fill)(void *self);
    /* Judges the whole after that; NULL: nothing more to check. */
    bool (*check)(const void *self, struct fault *fault);
    /* Frees what the struct owns beside its fields (compiled forms); NULL: nothing. */
    void (*clear)(void *self);
};

/* Reads an object into zeroed `out`. Unknown keys are refused with the nearest known name; null is
 * the same as absent; a required text must not be empty. On false `out` is cleared and *fault says
 * why. */
NODISCARD bool record_read(const struct record *record, const json_t *value, void *out,
                           struct fault *fault);

/* A new object with the fields in their described order; absent and empty ones are left out. So are
 * false, 0 and 0s unless the field is required, read-only or always there. Secrets are written only as references
 * (env:NAME, file:PATH). */
NODISCARD json_t *record_write(const struct record *record, const void *self);

/* The form kept in the database: secrets are written too, and read-only fields are read back. */
NODISCARD json_t *record_write_stored(const struct record *record, const void *self);
NODISCARD bool record_read_stored(const struct record *record, const json_t *value, void *out,
                                  struct fault *fault);
NODISCARD void *record_new_stored(const struct record *record, const json_t *value,
                                  struct fault *fault);

/* Frees what the fields own and zeroes the struct; the struct itself is the caller's. */
void record_clear(const struct record *record, void *self);

/* On the heap: record_new reads one (NULL and a fault when refused), record_free accepts NULL. */
NODISCARD void *record_new(const struct record *record, const json_t *value, struct fault *fault);
void record_free(const struct record *record, void *self);

/* OpenAPI 3.1 schema of the field's value, whatever its name, doc and flags. A FIELD_JSON of which nothing is
 * described may be anything: {}. New reference. */
NODISCARD json_t *field_value_schema(const struct field *field);

/* OpenAPI 3.1 schema of the record; nested records become {"$ref": "#/components/schemas/NAME"}. */
NODISCARD json_t *record_schema(const struct record *record);

/* Adds the schemas of `record` and of every record it refers to, by name, to `schemas`. */
void record_schemas(const struct record *record, json_t *schemas);

/* NULL when no enumerator has that value; 0 when no name fits. */
const char *enum_to_name(const struct enum_name *names, int value);
int enum_from_name(const struct enum_name *names, const char *name);
/* Says of a name that fits none of them which was probably meant, and which there are. False. */
bool enum_refuse(const struct enum_name *names, const char *given, struct fault *fault);

#endif
