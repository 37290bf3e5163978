#include "paging/notice.h"

#include "base/json.h"
#include "channel/catalogue.h"
#include "paging/errand.h"
#include "paging/who.h"
#include "paging/work.h"

enum { ARGS_MAX = 12 };

bool pager_tell(struct pager *pager, struct ledger_tx *tx, const char *user,
                const struct notice *notice)
{
    g_autoptr(GPtrArray) tried = g_ptr_array_new();
    g_autofree char *about = subject_text(notice->about);
    json_auto_t *data =
        json_pack("{s:s, s:s, s:O*}", "notice", notice->name, "about", about, "args", notice->args);
    g_autofree char *text = json_write(data);
    const struct notification notification = {
        .kind = NOTIFICATION_NOTICE, .severity = SEVERITY_INFO, .data = text};
    pager_enter(pager, tx);
    const char *contact = receiver_next_contact(pager->config, user, URGENCY_LOW, tried);
    if (contact != NULL) {
        notify_specially(pager, tx, user, contact, &notification);
    }
    pager_leave(pager);
    return contact != NULL;
}

/* --- in the words of the receiver --- */

/* Newly allocated. */
static char *arg_text(const struct message *message, const struct config *config,
                      const json_t *value)
{
    struct utc at;
    const char *person = json_text(value, "person", NULL);
    if (person != NULL) {
        return who_acts(config, message->language, person);
    }
    if (utc_parse(json_text(value, "at", ""), &at)) {
        return catalogue_time(message->language, message->time_zone, at);
    }
    return g_strdup(json_is_string(value) ? json_string_value(value) : "");
}

/* `part`: "subject", "text", "why". */
static const char *format(struct errand *errand, const char *notice, const char *part,
                          const struct catalogue_arg *args)
{
    g_autofree char *key = g_strconcat(notice, ".", part, NULL);
    g_autofree char *text = catalogue_format(errand->message.language, key, args);
    return errand_keep(errand, text);
}

void notice_fill(struct errand *errand, const struct config *config, const json_t *data)
{
    struct message *message = &errand->message;
    struct catalogue_arg args[ARGS_MAX + 1] = {{.name = "name", .text = message->full_name}};
    size_t count = 1;
    const char *name = json_text(data, "notice", "");
    const char *key;
    json_t *value;
    json_object_foreach (json_object_get(data, "args"), key, value) {
        if (count < ARGS_MAX) {
            g_autofree char *text = arg_text(message, config, value);
            args[count++] = (struct catalogue_arg){.name = errand_keep(errand, key),
                                                   .text = errand_keep(errand, text)};
        }
    }
    message->notice = errand_keep(errand, name);
    message->about = errand_keep(errand, json_text(data, "about", NULL));
    message->title = format(errand, name, "subject", args);
    message->text = format(errand, name, "text", args);
    message->reason = format(errand, name, "why", args);
    message->note = errand_keep(errand, json_text(json_object_get(data, "args"), "note", NULL));
}
