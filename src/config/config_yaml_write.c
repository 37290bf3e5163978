#include <string.h>
#include <yaml.h>

#include "config/config_yaml.h"

enum { LINE_WIDTH = 100, FLOW_WIDTH = 76, FLOW_FROM_DEPTH = 3 };

struct writer {
    yaml_emitter_t emitter;
    GString *out;
};

static int append_bytes(void *self, unsigned char *bytes, size_t size)
{
    g_string_append_len(self, (const char *)bytes, (gssize)size);
    return 1;
}

/* Would our reader take this text, written without quotes, for something else? */
static bool needs_quotes(const char *text)
{
    static const char *const WORDS[] = {"",   "~",  "null", "true", "false", "yes",
                                        "no", "on", "off",  "y",    "n",     NULL};
    for (size_t i = 0; WORDS[i] != NULL; i++) {
        /* Other programs' readers know more words and spellings than ours. */
        if (g_ascii_strcasecmp(WORDS[i], text) == 0) {
            return true;
        }
    }
    bool looks_like_number = g_ascii_isdigit(text[0]) || strchr("+-.", text[0]) != NULL;
    bool is_span = looks_like_number && text[strlen(text) - 1] >= 'd';
    bool has_control = false;
    for (const char *at = text; *at != '\0'; at++) {
        has_control = has_control || g_ascii_iscntrl(*at);
    }
    return has_control || (looks_like_number && !is_span && strchr(text, 'T') == NULL);
}

static void emit(struct writer *writer, yaml_event_t *event)
{
    /* Fails only without memory or on a wrong order of events. */
    CHECK(yaml_emitter_emit(&writer->emitter, event) == 1);
}

static void emit_scalar(struct writer *writer, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    g_autofree char *copy = g_strdup(text);
    CHECK(yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)copy, (int)strlen(copy),
                                       1, 1, style) == 1);
    emit(writer, &event);
}

static void emit_text(struct writer *writer, const char *text)
{
    emit_scalar(writer, text,
                needs_quotes(text) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
}

static bool is_flow(const json_t *value, int depth)
{
    if (depth < FLOW_FROM_DEPTH) {
        return false;
    }
    return json_dumpb(value, NULL, 0, JSON_COMPACT) <= FLOW_WIDTH;
}

static void emit_value(struct writer *writer, const json_t *value, int depth, bool is_inline);

/* NOLINTBEGIN(misc-no-recursion): as deep as the document, which json_read and yaml_read bound */
static void emit_object(struct writer *writer, const json_t *value, int depth, bool is_inline)
{
    yaml_event_t event;
    yaml_mapping_style_t style = is_inline ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE;
    CHECK(yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, style) == 1);
    emit(writer, &event);
    void *self = (void *)(uintptr_t)value; /* jansson iterates without writing */
    for (void *at = json_object_iter(self); at != NULL; at = json_object_iter_next(self, at)) {
        emit_text(writer, json_object_iter_key(at));
        emit_value(writer, json_object_iter_value(at), depth + 1, is_inline);
    }
    CHECK(yaml_mapping_end_event_initialize(&event) == 1);
    emit(writer, &event);
}

static void emit_list(struct writer *writer, const json_t *value, int depth, bool is_inline)
{
    yaml_event_t event;
    yaml_sequence_style_t style = is_inline ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
    CHECK(yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style) == 1);
    emit(writer, &event);
    for (size_t i = 0; i < json_array_size(value); i++) {
        emit_value(writer, json_array_get(value, i), depth + 1, is_inline);
    }
    CHECK(yaml_sequence_end_event_initialize(&event) == 1);
    emit(writer, &event);
}

static void emit_value(struct writer *writer, const json_t *value, int depth, bool is_inline)
{
    bool becomes_inline = is_inline || is_flow(value, depth);
    if (json_is_object(value)) {
        emit_object(writer, value, depth, becomes_inline);
    } else if (json_is_array(value)) {
        emit_list(writer, value, depth, becomes_inline);
    } else if (json_is_string(value)) {
        emit_text(writer, json_string_value(value));
    } else {
        char text[64] = "";
        size_t size = json_dumpb(value, text, sizeof text - 1, JSON_ENCODE_ANY);
        text[MIN(size, sizeof text - 1)] = '\0';
        emit_scalar(writer, text, YAML_PLAIN_SCALAR_STYLE);
    }
}

/* NOLINTEND(misc-no-recursion) */

static void write_notes(GString *out, const GPtrArray *notes)
{
    for (guint i = 0; notes != NULL && i < notes->len; i++) {
        g_autofree char *note = g_strdup(g_ptr_array_index(notes, i));
        /* A note may quote a name; a line break in it would end the comment. */
        (void)g_strdelimit(note, "\r\n", ' ');
        g_string_append_printf(out, "# %s\n", note);
    }
}

char *yaml_write(const json_t *document, const GPtrArray *notes)
{
    yaml_event_t event;
    struct writer writer = {.out = g_string_new(NULL)};
    write_notes(writer.out, notes);
    CHECK(yaml_emitter_initialize(&writer.emitter) == 1);
    yaml_emitter_set_output(&writer.emitter, append_bytes, writer.out);
    yaml_emitter_set_unicode(&writer.emitter, 1);
    yaml_emitter_set_width(&writer.emitter, LINE_WIDTH);
    CHECK(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) == 1);
    emit(&writer, &event);
    CHECK(yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) == 1);
    emit(&writer, &event);
    emit_value(&writer, document, 0, false);
    CHECK(yaml_document_end_event_initialize(&event, 1) == 1);
    emit(&writer, &event);
    CHECK(yaml_stream_end_event_initialize(&event) == 1);
    emit(&writer, &event);
    yaml_emitter_delete(&writer.emitter);
    return g_string_free(writer.out, FALSE);
}
