#include "http/shape.h"

#include <string.h>

#include "http/urlcode.h"

/* libmicrohttpd 0.9.75 also ends a line at a lone LF, where another program on the way may see one
 * long value. It cuts lines in place, writing NUL over each byte of a line's end: two of them stand
 * behind a value, and four behind the last, only where CR LF stood. Later versions refuse such lines
 * by themselves. */
static bool has_nuls_at(const char *end, size_t count)
{
    static const char KNOWN[] = "0.9.75";
    for (size_t i = 1; i < count && strcmp(MHD_get_version(), KNOWN) == 0; i++) {
        if (end[i] != '\0') {
            return false;
        }
    }
    return true;
}

/* No control character but the tab: a lone CR, above all. */
static bool is_sound_value(const char *value)
{
    for (const unsigned char *at = (const unsigned char *)value; *at != '\0'; at++) {
        if ((*at < ' ' && *at != '\t') || *at == 0x7f) {
            return false;
        }
    }
    return has_nuls_at(value + strlen(value), 2);
}

/* It is no part of the value (RFC 9112, 5.1). The library, which cuts lines in place, leaves it there; so it is cut where
 * everybody finds the value. */
static void drop_white_space_behind(const char *value)
{
    char *end = strchr(value, '\0');
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
        *--end = '\0';
    }
}

static bool is_token_char(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_digits(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 19;
}

/* Several lines are one list (RFC 9110, 5.3). */
static void add_encodings(struct shape *shape, const char *value)
{
    g_auto(GStrv) codings = g_strsplit(value, ",", -1);
    shape->encoding = value;
    for (size_t i = 0; codings[i] != NULL; i++) {
        const char *coding = g_strstrip(codings[i]);
        if (g_ascii_strcasecmp(coding, "gzip") == 0 || g_ascii_strcasecmp(coding, "x-gzip") == 0) {
            shape->packings++;
        } else if (coding[0] != '\0' && g_ascii_strcasecmp(coding, "identity") != 0) {
            shape->is_packed_otherwise = true;
        }
    }
}

static const char *const SINGLES[SHAPE_SINGLES] = {
    "Authorization", "Idempotency-Key", "Last-Event-ID", "Origin", "Sec-Fetch-Site",
};

/* Another program on the way may heed the other one. The same twice is harmless. */
static void note_single(struct shape *shape, const char *name, const char *value)
{
    for (size_t i = 0; i < SHAPE_SINGLES; i++) {
        if (g_ascii_strcasecmp(name, SINGLES[i]) == 0) {
            const char *first = shape->singles[i] == NULL ? value : shape->singles[i];
            shape->is_contradicted = shape->is_contradicted || strcmp(first, value) != 0;
            shape->singles[i] = first;
        }
    }
}

static void note_header(struct shape *shape, const char *name, const char *value)
{
    if (g_ascii_strcasecmp(name, "Host") == 0) {
        shape->hosts++;
        shape->has_odd_host = shape->has_odd_host || !host_is_sound(value);
    } else if (g_ascii_strcasecmp(name, "Content-Length") == 0) {
        shape->lengths++;
        shape->length = value;
    } else if (g_ascii_strcasecmp(name, "Transfer-Encoding") == 0) {
        shape->encodings++;
        shape->is_chunked = g_ascii_strcasecmp(value, "chunked") == 0;
    } else if (g_ascii_strcasecmp(name, "Content-Encoding") == 0) {
        add_encodings(shape, value);
    } else if (g_ascii_strcasecmp(name, "Expect") == 0) {
        shape->expects_continue = true;
    }
}

static enum MHD_Result look_at_header(void *self, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    struct shape *shape = self;
    for (const char *at = name; *at != '\0'; at++) {
        shape->is_sound = shape->is_sound && is_token_char(*at);
    }
    if (value == NULL || !is_sound_value(value)) {
        shape->is_sound = false;
        return MHD_YES;
    }
    shape->end = value + strlen(value);
    drop_white_space_behind(value);
    note_header(shape, name, value);
    note_single(shape, name, value);
    return MHD_YES;
}

static const char *judge(const struct shape *shape, const char *version)
{
    bool is_1_1 = strcmp(version, "HTTP/1.1") == 0;
    if (!shape->is_sound || !has_nuls_at(version + strlen(version), 2) ||
        (shape->end != NULL && !has_nuls_at(shape->end, 4))) {
        return "A header line is malformed.";
    }
    if (shape->hosts > 1 || (shape->hosts == 0 && is_1_1)) {
        return "The request must have exactly one Host header.";
    }
    if (shape->has_odd_host) {
        return "The Host header must be a name or an address, with or without a port.";
    }
    if (shape->lengths + shape->encodings > 1) {
        return "The request must have one Content-Length or one Transfer-Encoding, not several.";
    }
    if (shape->encodings == 1 && (!shape->is_chunked || !is_1_1)) {
        return "The only Transfer-Encoding accepted is chunked, of HTTP/1.1.";
    }
    if (shape->is_contradicted) {
        return "Authorization, Idempotency-Key, Last-Event-ID, Origin and Sec-Fetch-Site must not "
               "come "
               "twice with different values.";
    }
    if (shape->lengths == 1 && !is_digits(shape->length)) {
        return "Content-Length must be a whole number.";
    }
    return NULL;
}

void shape_read(struct MHD_Connection *connection, const char *version, struct shape *out)
{
    *out = (struct shape){.is_sound = true};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    out->header_size = info == NULL ? 0 : info->header_size;
    int lines = MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, out);
    int parameters = MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, NULL, NULL);
    out->parts = (unsigned)(lines + parameters);
    out->why = judge(out, version);
}

bool shape_has_body(const struct shape *shape)
{
    return shape->is_chunked || shape_size(shape) > 0;
}

uint64_t shape_size(const struct shape *shape)
{
    return shape->length == NULL ? 0 : g_ascii_strtoull(shape->length, NULL, 10);
}
