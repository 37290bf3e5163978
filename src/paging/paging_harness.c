#include "paging/paging_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/key_command.h"
#include "alert/alert_events.h"
#include "alert/alert_store.h"
#include "alert/kinds.h"
#include "base/json.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "db/engine.h"
#include "db/migrate.h"
#include "db/test_database.h"
#include "oncall/off_duty.h"
#include "oncall/override_work.h"
#include "paging/alert_topic.h"

#define FILE_ON_DISK "file:paging.db?vfs=tocsin-paging"

const struct config_kind *const *paging_kinds = CONFIG_KINDS;
void (*paging_more)(struct paging *paging) = NULL;

const struct utc PAGING_START = {1767607200000000};

static struct utc read_wall(void *self)
{
    const struct paging *paging = self;
    return paging->now;
}

static struct span read_elapsed(void *self)
{
    const struct paging *paging = self;
    return (struct span){utc_since(paging->now, PAGING_START).us - paging->jumped.us};
}

static enum command_outcome last_outcome;

static void note(void *arg, enum command_outcome outcome)
{
    (void)arg;
    last_outcome = outcome;
}

static void run(struct paging *paging, enum command_result (*what)(struct ledger_tx *, void *),
                void *arg)
{
    const struct command command = {.run = what, .answer = note, .arg = arg};
    ledger_run_batch(paging->ledger, &command, 1);
    CHECK(last_outcome == OUTCOME_COMMITTED || last_outcome == OUTCOME_REFUSED);
}

static void claim(struct paging *paging)
{
    struct claim claimed = {.pager = paging->pager, .public_url = "http://t.example", .max = 64};
    guint before = 0;
    do {
        before = paging->errands->len;
        run(paging, pager_claim, &claimed);
        while (claimed.errands->len > 0) {
            g_ptr_array_add(paging->errands, g_ptr_array_steal_index(claimed.errands, 0));
        }
        g_clear_pointer(&claimed.errands, g_ptr_array_unref);
    } while (paging->errands->len != before);
}

static void errand_destroy(gpointer errand)
{
    errand_free(errand);
}

static void add_events(struct ledger *ledger)
{
    ledger_add_events(ledger, KEY_EVENTS);
    ledger_add_events(ledger, CONFIG_EVENTS);
    ledger_add_events(ledger, OVERRIDE_EVENTS);
    ledger_add_events(ledger, ABSENCE_EVENTS);
    ledger_add_events(ledger, OFF_DUTY_EVENTS);
    ledger_add_events(ledger, ALERT_EVENTS);
    ledger_add_events(ledger, PAGING_EVENTS);
    ledger_judge_events(ledger);
}

static void start(struct paging *paging)
{
    struct fault fault = {0};
    paging->db = test_database_open(paging->where, &paging->clock);
    if (!paging->is_node) {
        test_database_hold_lanes(paging->db);
    }
    paging->errands = g_ptr_array_new_with_free_func(errand_destroy);
    config_register(paging_kinds);
    paging->configs = config_holder_create();
    struct config *config = config_load(paging->db, &fault);
    CHECK(config != NULL);
    config_publish(paging->configs, config);
    paging->ledger = ledger_create(paging->db, &paging->clock, &RANDOM_SYSTEM);
    ledger_be_alone(paging->ledger);
    add_events(paging->ledger);
    paging->pager = pager_create(paging->configs, &RANDOM_SYSTEM);
    pager_add_topics(paging->pager, &ALERT_TOPIC);
    pager_attach(paging->pager, paging->ledger);
    if (paging_more != NULL) {
        paging_more(paging);
    }
    if (paging->is_node) {
        CHECK(ledger_join(paging->ledger, "test", NULL, &fault));
    }
    run(paging, pager_recover, paging->pager);
}

static void stop(struct paging *paging)
{
    g_ptr_array_unref(paging->errands);
    ledger_end(paging->ledger);
    ledger_destroy(&paging->ledger);
    pager_destroy(&paging->pager);
    config_holder_destroy(&paging->configs);
    db_close(&paging->db);
}

void paging_apply(struct paging *paging, const char *document)
{
    struct fault fault = {0};
    g_autofree char *text = g_strdelimit(g_strdup(document), "'", '"');
    json_auto_t *value = json_read(text, strlen(text), &fault);
    if (value == NULL) {
        g_error("%s", fault.text);
    }
    struct apply_config apply = {.base = {.configs = paging->configs, .actor = PRINCIPAL_HERE},
                                 .document = value};
    const struct command command = {
        .run = apply_config_run, .answer = config_command_answered, .arg = &apply};
    ledger_run_batch(paging->ledger, &command, 1);
    if (apply.base.status != 200) {
        g_error("%s: %s", apply.base.fault.field, apply.base.fault.text);
    }
    apply_config_clear(&apply);
}

static void set_up(struct paging *paging)
{
    *paging = (struct paging){.now = PAGING_START};
    paging->clock = (struct clock){read_wall, read_elapsed, paging};
    paging->disk = memory_disk_create("tocsin-paging");
}

void paging_open(struct paging *paging, const char *document)
{
    set_up(paging);
    paging->where = test_database_create(FILE_ON_DISK);
    start(paging);
    paging_apply(paging, document);
}

void paging_open_older(struct paging *paging, const char *document, size_t steps, const char *rows)
{
    struct fault fault = {0};
    int done = 0;
    set_up(paging);
    paging->where = test_database_create_empty(FILE_ON_DISK);
    struct db *db = db_open(paging->where, DB_READ_WRITE, &fault);
    struct db_migrations *all = db_migrations_load();
    const struct db_migrations older = {all->items, steps};
    CHECK(db != NULL && steps < all->count);
    CHECK(db_migrate_all(db, &older, PAGING_START, &done, &fault));
    db_begin(db);
    (void)db_script(db, rows);
    CHECK(db_commit(db) == DB_OK);
    CHECK(db_migrate_all(db, all, PAGING_START, &done, &fault)); /* a server's is not by itself */
    db_migrations_free(&all);
    db_close(&db);
    start(paging);
    paging_apply(paging, document);
}

void paging_close(struct paging *paging)
{
    stop(paging);
    test_database_drop(&paging->where);
    memory_disk_destroy(&paging->disk);
}

int paging_start(void **state, const char *document)
{
    struct paging *paging = g_new0(struct paging, 1);
    paging_open(paging, document);
    *state = paging;
    return 0;
}

int paging_finish(void **state)
{
    paging_close(*state);
    g_free(*state);
    return 0;
}

void paging_restart(struct paging *paging)
{
    stop(paging);
    start(paging);
    paging_pass(paging, SPAN_S(0));
}

void paging_pass(struct paging *paging, struct span span)
{
    struct utc end = utc_add(paging->now, span);
    while (true) {
        struct utc next = ledger_tick(paging->ledger);
        claim(paging);
        next = utc_earlier(next, mailbox_next(paging->db, LANES_ALL));
        if (utc_before(end, next)) {
            break;
        }
        paging->now = utc_later(paging->now, next);
    }
    paging->now = end;
    (void)!ledger_tick(paging->ledger).us;
    claim(paging);
}

void paging_jump(struct paging *paging, struct span by)
{
    paging->now = utc_add(paging->now, by);
    paging->jumped.us += by.us;
    (void)!ledger_tick(paging->ledger).us;
}

int64_t paging_signal(struct paging *paging, int action, const char *key, int severity)
{
    return paging_signal_of(paging, "shop", action, key, severity);
}

int64_t paging_signal_of(struct paging *paging, const char *service, int action, const char *key,
                         int severity)
{
    struct take take = {
        .pager = paging->pager,
        .integration = "test",
        .service = service,
        .signal = {.action = action,
                   .dedup_key = g_strdup(key),
                   .summary = g_strdup(key),
                   .occurred_at = paging->started_at,
                   .is_repeated = paging->is_repeated,
                   .severity = severity},
    };
    run(paging, pager_take, &take);
    take_clear(&take);
    claim(paging);
    return take.alert_id;
}

static int act(struct paging *paging, struct act *what)
{
    what->pager = paging->pager;
    run(paging, pager_act, what);
    claim(paging);
    return what->status;
}

int paging_act(struct paging *paging, int verb, int64_t alert_id, const char *actor)
{
    return paging_act_saying(paging, verb, alert_id, actor, NULL);
}

int paging_act_saying(struct paging *paging, int verb, int64_t alert_id, const char *actor,
                      const char *note)
{
    struct act what = {.verb = verb,
                       .subject = alert_subject(alert_id),
                       .actor = principal_read(actor),
                       .note = note};
    return act(paging, &what);
}

int paging_page(struct paging *paging, int64_t alert_id, const char *user)
{
    return paging_page_saying(paging, alert_id, user, NULL);
}

int paging_page_saying(struct paging *paging, int64_t alert_id, const char *user, const char *note)
{
    g_autofree char *name = g_strdup(user);
    const struct target target = {.user = name};
    struct act what = {.verb = VERB_PAGE,
                       .subject = alert_subject(alert_id),
                       .actor = {PRINCIPAL_USER, "ana"},
                       .target = &target,
                       .note = note};
    return act(paging, &what);
}

int paging_page_asking(struct paging *paging, int64_t alert_id, const struct target *target,
                       json_t *holds)
{
    struct act what = {.verb = VERB_PAGE,
                       .subject = alert_subject(alert_id),
                       .actor = {PRINCIPAL_USER, "ana"},
                       .target = target,
                       .holds = holds};
    return act(paging, &what);
}

int paging_snooze(struct paging *paging, int64_t alert_id, struct span span)
{
    struct act what = {.verb = VERB_SNOOZE,
                       .subject = alert_subject(alert_id),
                       .actor = {PRINCIPAL_USER, "ana"},
                       .until = utc_add(paging->now, span)};
    return act(paging, &what);
}

static char *describe(struct paging *paging, const struct errand *errand)
{
    static const char *const KINDS[] = {"",     "page", "digest", "question",
                                        "test", "gap",  "ended",  "taken"};
    struct delivery delivery = {0};
    CHECK(delivery_load(paging->db, errand->delivery_id, &delivery));
    const char *into = errand->message.update_id;
    char *line = g_strdup_printf("%s %s: %s %zu%s%s%s", delivery.who, delivery.contact,
                                 errand->message.notice != NULL ? errand->message.notice
                                                                : KINDS[errand->message.kind],
                                 errand->message.total, errand->message.may_repeat ? " again" : "",
                                 into != NULL ? " into " : "", into != NULL ? into : "");
    delivery_clear(&delivery);
    return line;
}

char *paging_settle_with(struct paging *paging, const struct send_result *result)
{
    if (paging->errands->len == 0) {
        return NULL;
    }
    struct errand *errand = g_ptr_array_steal_index(paging->errands, 0);
    char *line = describe(paging, errand);
    struct settle settle = {.pager = paging->pager,
                            .delivery_id = errand->delivery_id,
                            .node = errand->node,
                            .is_update = errand->message.update_id != NULL,
                            .result = *result};
    errand_free(errand);
    run(paging, pager_settle, &settle);
    claim(paging);
    return line;
}

char *paging_settle(struct paging *paging, int send_state)
{
    return paging_settle_with(paging, &(struct send_result){.state = send_state});
}

char *paging_settle_later(struct paging *paging, struct span retry_after)
{
    return paging_settle_with(
        paging, &(struct send_result){.state = SEND_RETRY, .retry_after = retry_after});
}

char *paging_messages(struct paging *paging)
{
    GString *lines = g_string_new(NULL);
    for (char *line = paging_settle(paging, SEND_DELIVERED); line != NULL;
         line = paging_settle(paging, SEND_DELIVERED)) {
        g_string_append_printf(lines, "%s%s", lines->len > 0 ? "; " : "", line);
        g_free(line);
    }
    return g_string_free(lines, FALSE);
}

void paging_settle_as(struct paging *paging, int send_state, const char *expected)
{
    g_autofree char *line = paging_settle(paging, send_state);
    assert_non_null(line);
    assert_string_equal(line, expected);
}

const struct errand *paging_first(const struct paging *paging)
{
    return g_ptr_array_index(paging->errands, 0);
}

void paging_settle_by(struct paging *paging, int send_state, const char *id, const char *expected)
{
    struct send_result result = {.state = send_state};
    g_strlcpy(result.provider_id, id, sizeof result.provider_id);
    g_autofree char *line = paging_settle_with(paging, &result);
    assert_string_equal(line != NULL ? line : "", expected);
}

void paging_expect(struct paging *paging, const char *expected)
{
    g_autofree char *messages = paging_messages(paging);
    assert_string_equal(messages, expected);
}

void paging_burst(struct paging *paging, const char *prefix, int count)
{
    for (int i = 0; i < count; i++) {
        g_autofree char *key = g_strdup_printf("%s%d", prefix, i);
        (void)paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_ERROR);
        paging_expect(paging, i < THROTTLE_PER_MINUTE ? "ana email: page 1" : "");
    }
}

struct paging_count {
    const char *kind;
    int found;
};

static void count_one(void *self, const struct event *event)
{
    struct paging_count *count = self;
    count->found += strcmp(event->kind, count->kind) == 0;
}

int paging_events(struct paging *paging, int64_t alert_id, const char *kind)
{
    struct paging_count count = {.kind = kind};
    const struct subject subject = alert_subject(alert_id);
    event_list(paging->db, 0, &subject, 1000, count_one, &count);
    return count.found;
}
