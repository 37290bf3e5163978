#include "api/refused.h"

#include <string.h>

#include "access/key_index.h"
#include "alert/service.h"
#include "api/door.h"
#include "base/log.h"
#include "base/metric.h"
#include "paging/pager.h"
#include "source/pagerduty.h"
#include "source/payload.h"

/* Of a path that is shown. */
enum { PARTS_SHOWN = 8 };

static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.~%";

/* A command of our own: nobody waits for its answer. */
struct refused_telling {
    struct take take;
    char *integration, *service;
};

static void telling_done(void *arg, enum command_outcome outcome)
{
    struct refused_telling *telling = arg;
    (void)outcome; /* where nothing can be stored, the next refusal tries again */
    take_clear(&telling->take);
    g_free(telling->integration);
    g_free(telling->service);
    g_free(telling);
}

static enum command_result telling_run(struct ledger_tx *tx, void *arg)
{
    return pager_take(tx, &((struct refused_telling *)arg)->take);
}

static void telling_foresee(struct ledger_tx *tx, void *arg)
{
    pager_foresee_take(tx, &((struct refused_telling *)arg)->take);
}

/* Takes over the signal. */
static void tell(const struct api_context *context, const char *integration, const char *service,
                 struct signal signal)
{
    struct refused_telling *telling = g_new0(struct refused_telling, 1);
    telling->integration = g_strdup(integration);
    telling->service = g_strdup(service);
    telling->take = (struct take){.pager = context->pager,
                                  .signal = signal,
                                  .integration = telling->integration,
                                  .service = telling->service};
    const struct command command = {
        .run = telling_run, .answer = telling_done, .arg = telling, .foresee = telling_foresee};
    if (!queue_submit(context->queue, command)) {
        telling_done(telling, OUTCOME_UNAVAILABLE);
    }
}

static enum metric metric_of(enum refusal kind)
{
    switch (kind) {
    case REFUSAL_TOO_LARGE:
        return METRIC_REFUSED_TOO_LARGE;
    case REFUSAL_CUT_OFF:
        return METRIC_REFUSED_CUT_OFF;
    case REFUSAL_BROKEN_OFF:
        return METRIC_REFUSED_BROKEN_OFF;
    case REFUSAL_ENCODING:
        return METRIC_REFUSED_ENCODING;
    case REFUSAL_KEY:
        return METRIC_REFUSED_KEY;
    case REFUSAL_DOOR:
        return METRIC_REFUSED_DOOR;
    case REFUSAL_HEADER:
        return METRIC_REFUSED_HEADER;
    case REFUSAL_UNREADABLE:
        break;
    }
    return METRIC_REFUSED_UNREADABLE;
}

void refused_note(const struct api_context *context, const char *integration, const char *service,
                  enum refusal kind, const struct refused *last)
{
    struct refusal_book *book = payload_book_refusals(context->payloads);
    struct utc now = clock_now(context->clock);
    size_t count = 0;
    bool must_tell = refusal_note(book, integration, kind, last->why, now, &count);
    metric_add(metric_of(kind), 1);
    g_autofree char *times = g_strdup_printf("%zu", count);
    LOG_WARN("intake", NULL, "not taken", "integration", integration, "why",
             last->why != NULL ? last->why : refusal_words(kind), "times", times);
    /* What was cut off is told with what was taken, in one commit. */
    if (must_tell && kind != REFUSAL_CUT_OFF) {
        struct signal signal = {0};
        refusal_signal(integration, kind, count, last, now, &signal);
        tell(context, integration, service, signal);
    }
}

void refused_good(const struct api_context *context, const char *integration, const char *service)
{
    struct refusal_book *book = payload_book_refusals(context->payloads);
    unsigned over = refusal_good(book, integration, clock_now(context->clock));
    for (int kind = 1; over >> kind != 0; kind++) {
        if ((over >> kind & 1) != 0) {
            struct signal signal = {0};
            refusal_over((enum refusal)kind, &signal);
            tell(context, integration, service, signal);
        }
    }
}

static void note_of(const struct api_context *context, const char *name, enum refusal kind,
                    const struct refused *last)
{
    struct config *config = config_current(context->configs);
    const struct integration *integration = integration_find(config, name);
    if (integration != NULL) {
        refused_note(context, integration->name, integration->service, kind, last);
    }
    config_unref(config);
}

void refused_key(const struct api_context *context, const char *key)
{
    static const struct refused NOTHING = {0};
    struct key_entry owner = {0};
    if (key != NULL && key_index_find_past(context->keys, key, clock_now(context->clock), &owner) &&
        owner.owner_kind == KEY_INTEGRATION) {
        note_of(context, owner.owner, REFUSAL_KEY, &NOTHING);
    }
}

void refused_door(const struct api_context *context, const char *integration, const char *why)
{
    const struct refused last = {why, 0};
    note_of(context, integration, REFUSAL_DOOR, &last);
}

/* Of a path that anybody wrote: without what may be a key, which opens things. Newly allocated. */
static char *shown_path(const char *path)
{
    g_autofree char *ascii = g_strdup(path);
    (void)g_strcanon(ascii, PLAIN, '?');
    g_auto(GStrv) parts = g_strsplit(ascii, "/", PARTS_SHOWN);
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (strlen(parts[i]) >= KEY_GIVEN_MIN) {
            g_free(parts[i]);
            parts[i] = g_strdup("KEY");
        }
    }
    return g_strjoinv("/", parts);
}

void refused_astray(const struct api_context *context, const char *name,
                    const struct http_request *request, int status)
{
    struct config *config = config_current(context->configs);
    const struct integration *integration = integration_find(config, name);
    if (integration != NULL) {
        g_autofree char *path = shown_path(http_path(request));
        g_autofree char *why = g_strdup_printf(
            "%s %s was answered %d, for the address of an integration of kind %s is POST %s",
            http_method(request), path, status,
            enum_to_name(INTEGRATION_KIND_NAMES, integration->kind),
            door_address(integration->kind));
        refused_door(context, name, why);
    }
    config_unref(config);
}

/* The part of a door's address where its key stands, behind the kind. A proxy may have put something before it. Newly
 * allocated, or NULL. */
static char *key_in_path(const char *path)
{
    const char *door = strstr(path, "/in/");
    const char *kind = door != NULL ? door + strlen("/in/") : "";
    const char *key = kind + strcspn(kind, "/");
    key += *key == '/';
    size_t length = strcspn(key, "/");
    bool may_be_key = length >= KEY_GIVEN_MIN && length <= KEY_GIVEN_MAX;
    return may_be_key ? g_strndup(key, length) : NULL;
}

/* Of the key in the address, else in the header: one look each, whatever stands there. False: nobody's; *out_is_guess
 * then says whether there was one. */
static bool find_sender(const struct api_context *context, const struct http_request *request,
                        struct key_entry *out, bool *out_is_guess)
{
    g_autofree char *sought = key_in_path(http_path(request));
    const char *const keys[] = {sought, http_bearer(request)};
    bool is_found = false;
    *out_is_guess = false;
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && !is_found; i++) {
        if (keys[i] != NULL) {
            *out_is_guess = true;
            is_found = key_index_find(context->keys, keys[i], clock_now(context->clock), out);
        }
    }
    return is_found;
}

bool refused_turned_away(void *self, const struct http_request *request, int status,
                         const char *why)
{
    const struct api_context *context = self;
    struct key_entry owner = {0};
    bool is_guess = false;
    if (!find_sender(context, request, &owner, &is_guess)) {
        return is_guess;
    }
    if (owner.owner_kind == KEY_INTEGRATION && (status == 404 || status == 405)) {
        refused_astray(context, owner.owner, request, status);
    } else if (owner.owner_kind == KEY_INTEGRATION) {
        const struct refused last = {why, 0};
        note_of(context, owner.owner, REFUSAL_HEADER, &last);
    }
    return false;
}

void refused_lost(void *self, const struct http_request *request, enum http_loss loss)
{
    const struct api_context *context = self;
    const char *key = http_path_param(request, "key");
    struct key_entry owner = {0};
    g_autofree char *sought = NULL;
    if (key == NULL) {
        key = http_bearer(request);
    }
    if (key == NULL || !key_index_find(context->keys, key, clock_now(context->clock), &owner)) {
        size_t size = 0;
        const char *bytes = http_body(request, &size);
        sought = pagerduty_key_in(bytes, size);
        key = sought;
    }
    if (key == NULL || !key_index_find(context->keys, key, clock_now(context->clock), &owner) ||
        owner.owner_kind != KEY_INTEGRATION) {
        return;
    }
    static const struct refused NOTHING = {0};
    note_of(context, owner.owner,
            loss == HTTP_LOSS_BROKEN_OFF ? REFUSAL_BROKEN_OFF : REFUSAL_ENCODING, &NOTHING);
}
