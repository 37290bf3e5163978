/* The log channel: one line, written where the operator sees it. Reaches nobody by itself. */
#include "channel/catalogue.h"
#include "channel/driver.h"
#include "channel/render.h"
#include "channel/text.h"

static struct parcel *log_build(const struct driver_settings *settings,
                                const struct address *address, const struct message *message,
                                struct fault *fault)
{
    (void)settings;
    (void)address;
    (void)fault;
    struct parcel *parcel = parcel_new();
    struct rendered rendered = message_render(message);
    g_autofree char *name = text_line(message->full_name, 200);
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%s <- %s", name, rendered.line);
    if (message->reason != NULL) {
        g_autofree char *reason = text_line(message->reason, 400);
        g_string_append_printf(line, " | %s", reason);
    }
    g_autofree char *note = text_line(message->note, 400);
    if (*note != '\0') {
        g_string_append_printf(line, " | %s: %s", catalogue_text(message->language, "label.note"),
                               note);
    }
    if (text_is_link(message->ack_url)) {
        g_string_append_printf(line, " | %s", message->ack_url);
    }
    parcel->line = g_string_free(line, FALSE);
    rendered_clear(&rendered);
    return parcel;
}

const struct driver LOG_DRIVER = {CONTACT_LOG, DRIVER_LOCAL, log_build, NULL};
