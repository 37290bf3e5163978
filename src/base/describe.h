/* base/describe.h - for records that are only described, never read into a struct: shapes of answers, and of what
 * goes with an event. */
#ifndef BASE_DESCRIBE_H
#define BASE_DESCRIBE_H

#include "base/limits.h"
#include "base/record.h"

/* Fields; `flags` of enum field_flag. */
#define SHAPE_TEXT(name_, flags_, doc_)                                                          \
    {                                                                                            \
        .name = (name_), .kind = FIELD_TEXT, .flags = (flags_), .max = LIMIT_BODY, .doc = (doc_) \
    }
#define SHAPE_KIND(name_, kind_, flags_, doc_)                             \
    {                                                                      \
        .name = (name_), .kind = (kind_), .flags = (flags_), .doc = (doc_) \
    }
#define SHAPE_ENUM(name_, names_, flags_)                                         \
    {                                                                             \
        .name = (name_), .kind = FIELD_ENUM, .names = (names_), .flags = (flags_) \
    }
#define SHAPE_ONE(name_, record_, flags_)                                              \
    {                                                                                  \
        .name = (name_), .kind = FIELD_RECORD, .record = &(record_), .flags = (flags_) \
    }
#define SHAPE_MANY(name_, record_, flags_)                                              \
    {                                                                                   \
        .name = (name_), .kind = FIELD_RECORDS, .record = &(record_), .flags = (flags_) \
    }
#define SHAPE(name_, doc_, fields_)                                                               \
    {                                                                                             \
        .name = (name_), .doc = (doc_), .fields = (fields_), .field_count = G_N_ELEMENTS(fields_) \
    }
/* Of other programs, which send or may send more. */
#define SHAPE_OPEN(name_, doc_, fields_)                                                           \
    {                                                                                              \
        .name = (name_), .doc = (doc_), .fields = (fields_), .field_count = G_N_ELEMENTS(fields_), \
        .is_open = true                                                                            \
    }

#define SHAPE_CODED(name_, codec_, flags_, doc_)                                      \
    {                                                                                 \
        .name = (name_), .kind = FIELD_CUSTOM, .codec = &(codec_), .flags = (flags_), \
        .doc = (doc_)                                                                 \
    }

/* Values that are described and no more: they have a schema, and neither reading nor writing. */
extern const struct field_codec SHAPE_NUMBER_CODEC, /* an id or a seq: "42" */
    SHAPE_OBJECT_CODEC,                             /* any object */
    SHAPE_LABELS_CODEC;                             /* {"name": "value", …} */

#define SHAPE_LABELS(name_, flags_) SHAPE_CODED(name_, SHAPE_LABELS_CODEC, flags_, NULL)

/* Is the value an object as the record describes it: each member known and of its kind, and what always stands there
 * does? Else a fault that names the member. Sizes and bounds are not looked at. */
NODISCARD bool record_fits(const struct record *record, const json_t *value, struct fault *fault);

#endif
