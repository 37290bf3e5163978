#include "config/config_yaml.h"

#include <string.h>
#include <yaml.h>

#include "base/limits.h"

/* A file of LIMIT_YAML bytes could be one key. */
enum { KEY_MAX = 256 };

/* A container that is being filled. */
struct frame {
    json_t *container;  /* borrowed from its parent, in the end from the document */
    char *key;          /* of the value that comes next in a mapping; NULL: a key comes next */
    size_t path_length; /* of the container's own path */
};

struct reader {
    yaml_parser_t parser;
    struct yaml_document *out;
    struct fault *fault;
    GString *path;
    struct frame frames[LIMIT_JSON_DEPTH];
    size_t depth;
    size_t values;
};

static int line_of(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

static bool refuse(struct reader *reader, int line, const char *field, const char *text)
{
    reader->out->fault_line = line;
    return fault_set(reader->fault, field, "%s", text);
}

/* ---- scalars ---- */

static const char *skip_digits(const char *text)
{
    while (g_ascii_isdigit(*text)) {
        text++;
    }
    return text;
}

/* As JSON writes numbers: -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)? */
static bool is_number(const char *text, bool *out_is_whole)
{
    const char *at = text + (*text == '-');
    const char *end = skip_digits(at);
    if (end == at || (*at == '0' && end > at + 1)) {
        return false;
    }
    *out_is_whole = *end == '\0';
    if (*end == '.') {
        at = end + 1;
        end = skip_digits(at);
        if (end == at) {
            return false;
        }
    }
    if (*end == 'e' || *end == 'E') {
        at = end + 1;
        at += *at == '+' || *at == '-';
        end = skip_digits(at);
        if (end == at) {
            return false;
        }
    }
    return *end == '\0';
}

/* NULL: not a number that fits. */
static json_t *number_of(const char *text)
{
    bool is_whole = false;
    gint64 whole = 0;
    if (!is_number(text, &is_whole)) {
        return NULL;
    }
    if (is_whole) {
        bool fits = g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &whole, NULL);
        return fits ? json_integer(whole) : NULL;
    }
    return json_real(g_ascii_strtod(text, NULL)); /* NULL when infinite */
}

static json_t *plain_value(const char *text)
{
    if (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0) {
        return json_null();
    }
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        return json_boolean(text[0] == 't');
    }
    json_t *number = number_of(text);
    return number != NULL ? number : json_string(text);
}

/* ---- the tree ---- */

static struct frame *top_frame(struct reader *reader)
{
    return reader->depth > 0 ? &reader->frames[reader->depth - 1] : NULL;
}

/* Extends the path by the place where the next value goes. */
static void extend_path(struct reader *reader)
{
    const struct frame *frame = top_frame(reader);
    if (frame == NULL) {
        g_string_truncate(reader->path, 0);
        return;
    }
    g_string_truncate(reader->path, frame->path_length);
    if (frame->key != NULL) {
        g_string_append_printf(reader->path, "%s%s", reader->path->len > 0 ? "." : "", frame->key);
    } else {
        g_string_append_printf(reader->path, "[%zu]", json_array_size(frame->container));
    }
}

static void remember_line(struct reader *reader, int line)
{
    /* No fault names a longer path. */
    if (reader->path->len < FAULT_FIELD_SIZE) {
        (void)g_hash_table_insert(reader->out->lines, g_strdup(reader->path->str),
                                  GINT_TO_POINTER(line));
    }
}

/* Puts a value (whose reference is taken over) in its place. */
static void place(struct reader *reader, json_t *value, int line)
{
    struct frame *frame = top_frame(reader);
    extend_path(reader);
    if (!g_hash_table_contains(reader->out->lines, reader->path->str)) {
        remember_line(reader, line);
    }
    if (frame == NULL) {
        reader->out->json = value;
    } else if (json_is_array(frame->container)) {
        (void)json_array_append_new(frame->container, value);
    } else {
        (void)json_object_set_new(frame->container, frame->key, value);
        g_clear_pointer(&frame->key, g_free);
    }
}

static bool take_key(struct reader *reader, const char *text, int line)
{
    struct frame *frame = top_frame(reader);
    if (strlen(text) > KEY_MAX) {
        return refuse(reader, line, "", "a key is too long");
    }
    g_string_truncate(reader->path, frame->path_length);
    g_string_append_printf(reader->path, "%s%s", reader->path->len > 0 ? "." : "", text);
    if (json_object_get(frame->container, text) != NULL) {
        int first = GPOINTER_TO_INT(g_hash_table_lookup(reader->out->lines, reader->path->str));
        g_autofree char *why =
            g_strdup_printf("is written twice, first in line %d; keep one of them", first);
        return refuse(reader, line, reader->path->str, why);
    }
    /* A value may stand lines below its key; the key is what a person looks for. */
    remember_line(reader, line);
    frame->key = g_strdup(text);
    return true;
}

static bool expects_key(struct reader *reader)
{
    const struct frame *frame = top_frame(reader);
    return frame != NULL && json_is_object(frame->container) && frame->key == NULL;
}

static bool refuse_extras(struct reader *reader, const yaml_event_t *event,
                          const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL) {
        return refuse(reader, line_of(event), "",
                      "anchors (&name) are not supported; write the value out where it is needed");
    }
    return tag == NULL || refuse(reader, line_of(event), "",
                                 "tags (!name) are not supported; put a text in quotes instead");
}

static bool take_scalar(struct reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (!refuse_extras(reader, event, event->data.scalar.anchor, event->data.scalar.tag)) {
        return false;
    }
    if (strlen(text) != event->data.scalar.length) {
        return refuse(reader, line_of(event), "", "a text contains the character U+0000");
    }
    if (expects_key(reader)) {
        return take_key(reader, text, line_of(event));
    }
    json_t *value = is_plain ? plain_value(text) : json_string(text);
    if (value == NULL) {
        return refuse(reader, line_of(event), "", "a text is not valid UTF-8");
    }
    place(reader, value, line_of(event));
    return true;
}

static bool open_container(struct reader *reader, const yaml_event_t *event, json_t *container)
{
    if (expects_key(reader)) {
        json_decref(container);
        return refuse(reader, line_of(event), "",
                      "a key must be a plain word, not a list or mapping");
    }
    if (reader->depth == LIMIT_JSON_DEPTH) {
        json_decref(container);
        return refuse(reader, line_of(event), "", "nested too deep");
    }
    place(reader, container, line_of(event));
    reader->frames[reader->depth] =
        (struct frame){.container = container, .path_length = reader->path->len};
    reader->depth++;
    return true;
}

static bool take_event(struct reader *reader, const yaml_event_t *event)
{
    if (++reader->values > LIMIT_CONFIG_NODES) {
        return refuse(reader, line_of(event), "", "the file holds too many values; split it");
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event);
    case YAML_MAPPING_START_EVENT:
        return refuse_extras(reader, event, event->data.mapping_start.anchor,
                             event->data.mapping_start.tag) &&
               open_container(reader, event, json_object());
    case YAML_SEQUENCE_START_EVENT:
        return refuse_extras(reader, event, event->data.sequence_start.anchor,
                             event->data.sequence_start.tag) &&
               open_container(reader, event, json_array());
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        reader->depth--;
        return true;
    case YAML_ALIAS_EVENT:
        return refuse(reader, line_of(event), "",
                      "aliases (*name) are not supported; write the value out");
    case YAML_DOCUMENT_START_EVENT:
        return reader->out->json == NULL ||
               refuse(reader, line_of(event), "",
                      "a second document begins here; use one file each");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    return true;
}

static bool refuse_syntax(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    bool has_mark = parser->error == YAML_SCANNER_ERROR || parser->error == YAML_PARSER_ERROR;
    reader->out->fault_line = has_mark ? (int)parser->problem_mark.line + 1 : 0;
    const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
    if (!has_mark) {
        return fault_set(reader->fault, "", "not valid YAML: %s (byte %zu); write it in UTF-8",
                         problem, parser->problem_offset);
    }
    return fault_set(reader->fault, "", "not valid YAML: %s, column %zu%s%s", problem,
                     parser->problem_mark.column + 1, parser->context != NULL ? ", " : "",
                     parser->context != NULL ? parser->context : "");
}

static bool read_events(struct reader *reader)
{
    bool is_end = false;
    while (!is_end) {
        yaml_event_t event;
        if (yaml_parser_parse(&reader->parser, &event) == 0) {
            return refuse_syntax(reader);
        }
        is_end = event.type == YAML_STREAM_END_EVENT;
        bool is_taken = take_event(reader, &event);
        yaml_event_delete(&event);
        if (!is_taken) {
            return false;
        }
    }
    return true;
}

bool yaml_read(const char *bytes, size_t size, struct yaml_document *out, struct fault *fault)
{
    *out = (struct yaml_document){.lines =
                                      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    if (size > LIMIT_YAML) {
        return fault_set(fault, "", "has %zu bytes; at most %d are allowed", size, (int)LIMIT_YAML);
    }
    struct reader reader = {.out = out, .fault = fault, .path = g_string_new(NULL)};
    CHECK(yaml_parser_initialize(&reader.parser) == 1);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, size);
    bool is_read = read_events(&reader);
    yaml_parser_delete(&reader.parser);
    for (size_t i = 0; i < LIMIT_JSON_DEPTH; i++) {
        g_free(reader.frames[i].key);
    }
    (void)g_string_free(reader.path, TRUE);
    if (!is_read) {
        g_clear_pointer(&out->json, json_decref);
    } else if (out->json == NULL) {
        out->json = json_object(); /* an empty file is an empty configuration */
    }
    return is_read;
}

void yaml_document_clear(struct yaml_document *document)
{
    g_clear_pointer(&document->json, json_decref);
    g_clear_pointer(&document->lines, g_hash_table_destroy);
}

int yaml_line(const struct yaml_document *document, const char *field)
{
    g_autofree char *path = g_strdup(field);
    while (path[0] != '\0') {
        int line = GPOINTER_TO_INT(g_hash_table_lookup(document->lines, path));
        if (line > 0) {
            return line;
        }
        char *dot = strrchr(path, '.');
        char *bracket = strrchr(path, '[');
        char *cut = MAX(dot, bracket);
        *(cut != NULL ? cut : path) = '\0';
    }
    return 0;
}

static int line_of_fault(const struct yaml_document *document, const struct fault *fault)
{
    if (document == NULL || document->lines == NULL) {
        return 0;
    }
    return document->fault_line > 0 ? document->fault_line : yaml_line(document, fault->field);
}

char *yaml_fault_text(const char *file, const struct yaml_document *document,
                      const struct fault *fault)
{
    int line = line_of_fault(document, fault);
    g_autoptr(GString) text = g_string_new(file);
    if (line > 0) {
        g_string_append_printf(text, ":%d", line);
    }
    g_string_append(text, ": ");
    if (fault->field[0] != '\0') {
        g_string_append_printf(text, "%s: ", fault->field);
    }
    g_string_append(text, fault->text);
    return g_strdup(text->str);
}

struct yaml_place {
    int line;
    size_t at; /* among the faults: those of one line keep their order */
};

static gint by_line(gconstpointer a, gconstpointer b)
{
    const struct yaml_place *x = a;
    const struct yaml_place *y = b;
    if (x->line != y->line) {
        return x->line < y->line ? -1 : 1;
    }
    return (x->at > y->at) - (x->at < y->at);
}

char *yaml_faults_text(const char *file, const struct yaml_document *document,
                       const struct fault *faults, size_t count)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(struct yaml_place));
    for (size_t i = 0; i < count; i++) {
        struct yaml_place place = {line_of_fault(document, &faults[i]), i};
        g_array_append_val(places, place);
    }
    g_array_sort(places, by_line);
    GString *lines = g_string_new(NULL);
    for (guint i = 0; i < places->len; i++) {
        size_t at = g_array_index(places, struct yaml_place, i).at;
        g_autofree char *line = yaml_fault_text(file, document, &faults[at]);
        g_string_append_printf(lines, "%s%s", i > 0 ? "\n" : "", line);
    }
    return g_string_free(lines, FALSE);
}
