#include "paging/why.h"

#include <string.h>

#include "base/json.h"
#include "channel/catalogue.h"
#include "oncall/schedule.h"
#include "paging/who.h"

/* Which text of the catalogue tells the reason of a page. Newly allocated. */
static char *reason_key(const json_t *reason)
{
    const bool is_override = strcmp(json_text(reason, "layer", ""), "override") == 0;
    const char *via = is_override ? "override" : json_text(reason, "via", "user");
    if (json_object_get(reason, "asked_by") != NULL) {
        via = "asked";
    } else if (json_object_get(reason, "last_resort") != NULL && strcmp(via, "anybody") != 0) {
        via = "last_resort";
    }
    return g_strconcat("why.", via, NULL);
}

/* Who asked, where a sentence begins; a handle stays as it is. Newly allocated. */
static char *asker_name(const struct config *config, int language, const char *who)
{
    const struct principal asker = principal_read(who);
    g_autofree char *name = who_name(config, language, asker);
    if (asker.kind == PRINCIPAL_USER || name[0] == '\0') {
        return g_steal_pointer(&name);
    }
    GString *text = g_string_new(g_utf8_next_char(name));
    g_string_prepend_unichar(text, g_unichar_toupper(g_utf8_get_char(name)));
    return g_string_free(text, FALSE);
}

static char *reason_text(const struct config *config, int language, const json_t *reason,
                         const char *policy)
{
    g_autofree char *key = reason_key(reason);
    const char *through = json_text(reason, "through", "");
    g_autofree char *actor = asker_name(config, language, json_text(reason, "asked_by", ""));
    const struct catalogue_arg args[] = {
        {"schedule", through, 0},
        {"team", through, 0},
        {"layer", layer_bare_name(json_text(reason, "layer", "")), 0},
        {"policy", policy, 0},
        {"actor", actor, 0},
        {"step", NULL, json_integer_value(json_object_get(reason, "step"))},
        {NULL, NULL, 0},
    };
    return catalogue_format(language, key, args);
}

/* Newly allocated; NULL: none held it. */
static char *silence_text(int language, const json_t *reason)
{
    const char *silence = json_text(reason, "silence", NULL);
    const char *comment = json_text(reason, "silence_comment", NULL);
    const struct catalogue_arg args[] = {{"silence", silence, 0}, {NULL, NULL, 0}};
    if (silence == NULL) {
        return NULL;
    }
    g_autofree char *ended = catalogue_format(language, "note.silence", args);
    return comment != NULL ? g_strconcat(ended, ": ", comment, NULL) : g_steal_pointer(&ended);
}

static void add_note(GString *text, const char *note)
{
    if (note != NULL) {
        g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", note);
    }
}

/* What belongs to the page besides the reason: the words of whoever asked for it or made the override by which it
 * comes to this person, that it had been called over, and the silence that held it until now. */
static char *note_text(int language, const json_t *reason)
{
    GString *text = g_string_new(NULL);
    g_autofree char *silence = silence_text(language, reason);
    add_note(text, json_text(reason, "note", json_text(reason, "override", NULL)));
    if (json_is_true(json_object_get(reason, "again"))) {
        add_note(text, catalogue_text(language, "note.again"));
    }
    add_note(text, silence);
    return g_string_free(text, text->len == 0);
}

void why_read(const struct config *config, int language, const char *reason, const char *policy,
              struct why *out)
{
    struct fault fault;
    json_auto_t *value = json_read(reason, strlen(reason), &fault);
    *out = (struct why){.reason = reason_text(config, language, value, policy),
                        .note = note_text(language, value)};
}

void why_clear(struct why *why)
{
    g_free(why->reason);
    g_free(why->note);
    *why = (struct why){0};
}
