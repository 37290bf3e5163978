#include "base/subject.h"

#include <string.h>

struct subject subject_of_id(const char *kind, int64_t id)
{
    return (struct subject){.kind = kind, .id = id};
}

struct subject subject_named(const char *kind, const char *name)
{
    return (struct subject){.kind = kind, .name = name};
}

struct subject subject_only(const char *kind)
{
    return (struct subject){.kind = kind};
}

/* Only as it is written: no sign, no zero in front. 0 where it is a name. */
static int64_t read_number(const char *text)
{
    guint64 number = 0;
    bool is_written_so = text[0] >= '1' && text[0] <= '9';
    return is_written_so && g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &number, NULL)
               ? (int64_t)number
               : 0;
}

bool subject_read(const char *text, char kind[SUBJECT_KIND_SIZE], struct subject *out)
{
    const char *colon = strchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    *out = (struct subject){0};
    if (length == 0 || length >= SUBJECT_KIND_SIZE) {
        return false;
    }
    memcpy(kind, text, length);
    kind[length] = '\0';
    out->kind = kind;
    if (colon != NULL) {
        out->name = colon + 1;
        out->id = read_number(out->name);
    }
    return true;
}

const char *subject_name(const char *text, const char *kind)
{
    size_t length = strlen(kind);
    bool is_of_kind = strncmp(text, kind, length) == 0 && text[length] == ':';
    return is_of_kind ? text + length + 1 : NULL;
}

int64_t subject_id(const char *text, const char *kind)
{
    const char *name = subject_name(text, kind);
    return name != NULL ? read_number(name) : 0;
}

bool subject_is(struct subject subject, const char *kind)
{
    return subject.kind != NULL && strcmp(subject.kind, kind) == 0;
}

bool subject_equal(struct subject a, struct subject b)
{
    g_autofree char *one = subject_text(a);
    g_autofree char *other = subject_text(b);
    return strcmp(one, other) == 0;
}

void subject_append(GString *out, struct subject subject)
{
    if (subject.kind == NULL) {
        return;
    }
    g_string_append(out, subject.kind);
    if (subject.name != NULL) {
        g_string_append_printf(out, ":%s", subject.name);
    } else if (subject.id != 0) {
        g_string_append_printf(out, ":%" G_GINT64_FORMAT, subject.id);
    }
}

char *subject_text(struct subject subject)
{
    GString *text = g_string_new(NULL);
    subject_append(text, subject);
    return g_string_free(text, FALSE);
}
