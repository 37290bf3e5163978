/* A person is taken off duty while their pages are unanswered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oncall/off_duty.h"
#include "paging/paging_harness.h"

/* Ana is on call; after five minutes budi and ana by name, chen in the end. */
static const char TEAM[] =
    "{'users': ["
    " {'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}]},"
    " {'name': 'chen', 'contacts': [{'kind': 'email', 'to': 'chen@x.org'}]}],"
    "'schedules': [{'name': 'primary', 'time_zone': 'UTC', 'layers': [{'people': [%s],"
    "   'every': '1w', 'start': '2026-01-05T00:00'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [%s], 'wait': '5m'},"
    "   {'notify': [{'user': 'budi'}], 'wait': '5m'}],"
    "  'repeat': 1, 'last_resort': {'user': '%s'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

struct leaving {
    struct off_duty off;
    struct reassign pages;
    struct pager *pager;
    bool dry_run;
};

static enum command_result leave(struct ledger_tx *tx, void *arg)
{
    struct leaving *self = arg;
    enum command_result result = off_duty_run(tx, &self->off);
    struct config *config = self->off.base.next != NULL ? config_ref(self->off.base.next)
                                                        : config_current(self->off.base.configs);
    self->pages = (struct reassign){
        .pager = self->pager, .config = config, .user = "ana", .dry_run = self->off.dry_run};
    pager_reassign(tx, &self->pages);
    config_unref(config);
    return result;
}

static void publish(void *arg, enum command_outcome outcome)
{
    struct leaving *self = arg;
    assert_int_equal(outcome, OUTCOME_COMMITTED);
    config_command_answered(&self->off, outcome);
}

/* Takes ana off duty for a day; answers how many pages went on. */
static int take_ana_off(struct paging *paging, bool dry_run)
{
    struct leaving leaving = {
        .off = {.base = {.configs = paging->configs, .actor = {PRINCIPAL_USER, "budi"}},
                .user = "ana",
                .until = utc_add(paging->now, SPAN_D(1)),
                .dry_run = dry_run},
        .pager = paging->pager,
    };
    const struct command command = {.run = leave, .answer = publish, .arg = &leaving};
    ledger_run_batch(paging->ledger, &command, 1);
    off_duty_clear(&leaving.off);
    paging_pass(paging, SPAN_S(1));
    return leaving.pages.count;
}

static void open_with(struct paging *paging, const char *people, const char *first,
                      const char *last_resort)
{
    g_autofree char *document = g_strdup_printf(TEAM, people, first, last_resort);
    paging_open(paging, document);
}

static void expect(struct paging *paging, const char *expected)
{
    g_autofree char *messages = paging_messages(paging);
    assert_string_equal(messages, expected);
}

struct row {
    const char *name;
    const char *people, *first, *last_resort; /* of the configuration */
    int wait_min;                             /* from the signal until ana leaves */
    bool is_acknowledged;
    int handed_on;
    const char *told; /* because of her leaving */
};

static const struct row ROWS[] = {
    {"to her cover", "'ana', 'chen'", "{'schedule': 'primary'}", "chen", 0, false, 1,
     "chen email: page 1"},
    {"to the next step, when there is no cover", "'ana'", "{'schedule': 'primary'}", "chen", 0,
     false, 1, "budi email: page 1"},
    {"to the next step, when she was named", "'ana', 'chen'", "{'user': 'ana'}", "chen", 0, false,
     1, "budi email: page 1"},
    {"to nobody new, when another is told beside her", "'ana', 'chen'",
     "{'user': 'ana'}, {'user': 'chen'}", "chen", 0, false, 1, ""},
    {"to nobody new, when others were told since", "'ana', 'chen'", "{'user': 'ana'}", "chen", 6,
     false, 1, ""},
    {"what she acknowledged stays hers", "'ana', 'chen'", "{'schedule': 'primary'}", "chen", 0,
     true, 0, ""},
    {"the last resort stays", "'ana', 'chen'", "{'user': 'budi'}", "ana", 21, false, 0, ""},
};

static void pages_go_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct paging paging;
        print_message("%s\n", row->name);
        open_with(&paging, row->people, row->first, row->last_resort);
        int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
        for (int minute = 0; minute < row->wait_min; minute++) {
            g_free(paging_messages(&paging));
            paging_pass(&paging, SPAN_MIN(1));
        }
        g_free(paging_messages(&paging));
        if (row->is_acknowledged) {
            (void)paging_act(&paging, VERB_ACKNOWLEDGE, id, "user:ana");
        }
        assert_int_equal(take_ana_off(&paging, true), row->is_acknowledged ? 0 : 1);
        expect(&paging, "");
        assert_int_equal(take_ana_off(&paging, false), row->handed_on);
        expect(&paging, row->told);
        paging_close(&paging);
    }
}

/* What waited for her when she left is not sent to her any more. */
static void what_waited_is_not_sent(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "'ana', 'chen'", "{'schedule': 'primary'}", "chen");
    paging_burst(&paging, "k", 8);
    assert_int_equal(take_ana_off(&paging, false), 8);
    expect(&paging, "chen email: digest 8");
    paging_pass(&paging, SPAN_MIN(4));
    expect(&paging, "");
    paging_close(&paging);
}

/* What is so of the alert is said to whoever has it next. */
static void the_next_reads_which_silence_has_ended(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "'ana', 'chen'", "{'schedule': 'primary'}", "budi");
    paging_apply(&paging, "{'silences': [{'name': 'works', 'comment': 'new disks', 'match':"
                          " [{'field': 'service', 'value': 'shop'}], 'from':"
                          " '2026-01-05T09:00:00Z', 'to': '2026-01-05T10:01:00Z'}]}");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_pass(&paging, SPAN_MIN(1));
    expect(&paging, "ana email: page 1");
    assert_int_equal(take_ana_off(&paging, false), 1);
    assert_string_equal(paging_first(&paging)->message.note,
                        "ana is off duty; silence works has just ended: new disks");
    expect(&paging, "chen email: page 1");
    paging_close(&paging);
}

/* Two pages about one alert go on as one. */
static void an_alert_goes_on_once(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "'ana', 'chen'", "{'schedule': 'primary'}", "budi");
    int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_messages(&paging));
    for (int minute = 0; minute < 10; minute++) { /* she is told again in the second round */
        paging_pass(&paging, SPAN_MIN(1));
        g_free(paging_messages(&paging));
    }
    (void)paging_page(&paging, id, "ana"); /* by hand: no step of the policy */
    g_free(paging_messages(&paging));
    int64_t pages[2];
    assert_int_equal(page_unanswered(paging.db, "ana", pages, 2), 2);
    assert_int_equal(take_ana_off(&paging, false), 1);
    assert_int_equal(paging_events(&paging, id, "page.moved"), 1);
    assert_int_equal(page_unanswered(paging.db, "ana", pages, 2), 0);
    expect(&paging, "chen email: page 1");
    paging_close(&paging);
}

/* Her message was held back when her page went to her cover; it says nothing to nobody any more. Then the
 * next step names her. */
static void whose_page_was_moved_is_told_by_the_next(void **state)
{
    static const char AGAIN[] =
        "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
        " {'name': 'chen', 'contacts': [{'kind': 'email', 'to': 'chen@x.org'}]}],"
        "'schedules': [{'name': 'primary', 'time_zone': 'UTC', 'layers': [{"
        "   'people': ['ana', 'chen'], 'every': '1w', 'start': '2026-01-05T00:00'}]}],"
        "'policies': [{'name': 'p', 'steps': [{'notify': [{'schedule': 'primary'}], 'wait': '20s'},"
        "   {'notify': [{'user': 'ana'}], 'wait': '1h'}], 'last_resort': {'user': 'chen'}}],"
        "'services': [{'name': 'shop', 'policy': 'p'}]}";
    static const char *const IN_HAND[] = {"k1", "k2", "k3"};

    (void)state;
    struct paging paging;
    paging_open(&paging, AGAIN);
    for (size_t i = 0; i < G_N_ELEMENTS(IN_HAND); i++) {
        int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, IN_HAND[i], SEVERITY_ERROR);
        expect(&paging, "ana email: page 1");
        (void)paging_act(&paging, VERB_ACKNOWLEDGE, id, "user:ana");
    }
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "held", SEVERITY_ERROR);
    expect(&paging, "");
    paging_pass(&paging, SPAN_S(10));
    assert_int_equal(take_ana_off(&paging, false), 1);
    expect(&paging, "chen email: page 1");
    paging_pass(&paging, SPAN_S(48));
    expect(&paging, "");
    paging_pass(&paging, SPAN_S(1));
    expect(&paging, "ana email: page 1");
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_go_on),
        cmocka_unit_test(what_waited_is_not_sent),
        cmocka_unit_test(the_next_reads_which_silence_has_ended),
        cmocka_unit_test(an_alert_goes_on_once),
        cmocka_unit_test(whose_page_was_moved_is_told_by_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
