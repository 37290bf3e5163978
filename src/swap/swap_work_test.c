/* Asking, answering, reminding: who is told, and who is on call then. The clock starts on Monday 2026-01-05, 10:00 UTC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "db/test_database.h"
#include "oncall/shift.h"
#include "paging/paging_harness.h"
#include "swap.gresource.h"
#include "swap/swap_store.h"
#include "swap/swap_work.h"

/* Ana has the 7th and the 10th, budi the 5th, the 8th and the 11th, chen the 6th, the 9th and the 12th. Fei cannot be
 * told anything. */
#define TEAM                                                                                 \
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'a@x.org'}]},"          \
    " {'name': 'budi', 'language': 'id', 'time_zone': 'Asia/Jakarta',"                       \
    "  'contacts': [{'kind': 'email', 'to': 'b@x.org'}]},"                                   \
    " {'name': 'chen', 'contacts': [{'kind': 'email', 'to': 'c@x.org'}]},"                   \
    " {'name': 'dian', 'contacts': [{'kind': 'email', 'to': 'd@x.org'}]}, {'name': 'fei'}]," \
    "'schedules': [{'name': 'rota', 'time_zone': 'UTC', 'layers': [{'every': '1d',"          \
    "  'start': '2026-01-01T00:00', 'people': ['ana', 'budi', 'chen']}]}]%s}"

static void attach(struct paging *paging)
{
    ledger_add_events(paging->ledger, SWAP_EVENTS);
    ledger_add_duty(paging->ledger, (struct ledger_duty){.name = "swaps",
                                                         .next_at = swap_next_due,
                                                         .run_due = swap_run_due,
                                                         .put_off = swap_put_off_due,
                                                         .self = paging->pager});
}

static int open_team(void **state)
{
    g_autofree char *team = g_strdup_printf(TEAM, "");
    return paging_start(state, team);
}

static struct utc instant(const char *text)
{
    struct utc at;
    return text != NULL && utc_parse(text, &at) ? at : (struct utc){0};
}

static char *lent(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* The 10th, which is ana's, from budi. */
static struct swap tenth(void)
{
    return (struct swap){.schedule = lent("rota"),
                         .asker = lent("ana"),
                         .asked = lent("budi"),
                         .from = instant("2026-01-10T00:00:00Z"),
                         .until = instant("2026-01-11T00:00:00Z")};
}

static void run(struct paging *paging, enum command_result (*what)(struct ledger_tx *, void *),
                void *work)
{
    const struct command command = {.run = what, .arg = work};
    ledger_run_batch(paging->ledger, &command, 1);
    config_command_answered(work, OUTCOME_COMMITTED);
}

/* Answers the id; fails unless the status, and the field of a refusal, are these. */
static int64_t ask(struct paging *paging, const struct swap *asked, int status, const char *field)
{
    struct ask_swap ask = {
        .base = {.configs = paging->configs, .actor = {PRINCIPAL_USER, asked->asker}},
        .pager = paging->pager,
        .asked = asked};
    run(paging, ask_swap_run, &ask);
    assert_string_equal(ask.base.fault.field, field);
    assert_int_equal(ask.base.status, status);
    int64_t id = ask.swap.id;
    ask_swap_clear(&ask);
    return id;
}

static void answer(struct paging *paging, int64_t id, enum swap_state to, const char *who,
                   int status)
{
    struct answer_swap answer = {
        .base = {.configs = paging->configs, .actor = {PRINCIPAL_USER, who}},
        .pager = paging->pager,
        .id = id,
        .to = to};
    run(paging, answer_swap_run, &answer);
    assert_int_equal(answer.base.status, status);
    answer_swap_clear(&answer);
}

static void expect_state(struct paging *paging, int64_t id, enum swap_state state)
{
    struct swap swap = {0};
    assert_true(swap_load(paging->db, id, &swap));
    assert_int_equal(swap.state, state);
    swap_clear(&swap);
}

static void expect_on_call(struct paging *paging, const char *at, const char *who)
{
    struct config *config = config_current(paging->configs);
    const char *names[2] = {"", ""};
    size_t count = oncall_names_at(schedule_find(config, "rota"), instant(at), names, 2);
    assert_int_equal(count, 1);
    assert_string_equal(names[0], who);
    config_unref(config);
}

static void who_accepts_is_on_call_and_who_asked_is_told(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    int64_t id = ask(paging, &asked, 201, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "budi email: swap.asked 1");
    expect_on_call(paging, "2026-01-10T12:00:00Z", "ana");
    answer(paging, id, SWAP_ACCEPTED, "budi", 200);
    expect_on_call(paging, "2026-01-09T23:59:59Z", "chen");
    expect_on_call(paging, "2026-01-10T00:00:00Z", "budi");
    expect_on_call(paging, "2026-01-10T23:59:59Z", "budi");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: swap.accepted 1");
    paging_restart(paging);
    expect_on_call(paging, "2026-01-10T12:00:00Z", "budi");
    paging_pass(paging, SPAN_D(7));
    paging_expect(paging, ""); /* neither reminder nor end */
}

static void a_return_gives_the_other_shift_back(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    asked.back_from = instant("2026-01-08T00:00:00Z");
    asked.back_until = instant("2026-01-09T00:00:00Z");
    int64_t id = ask(paging, &asked, 201, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "budi email: swap.asked_return 1");
    answer(paging, id, SWAP_ACCEPTED, "budi", 200);
    expect_on_call(paging, "2026-01-08T12:00:00Z", "ana");
    expect_on_call(paging, "2026-01-10T12:00:00Z", "budi");
}

static void saying_it_twice_is_saying_it_once(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    int64_t id = ask(paging, &asked, 201, "");
    assert_int_equal(ask(paging, &asked, 200, ""), id);
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "budi email: swap.asked 1");
    answer(paging, id, SWAP_ACCEPTED, "budi", 200);
    answer(paging, id, SWAP_ACCEPTED, "budi", 200);
    assert_int_equal(test_ask_int(paging->db, "SELECT count(*) FROM shift_override"), 1);
    answer(paging, id, SWAP_WITHDRAWN, "ana", 409);
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: swap.accepted 1");
}

static void only_who_was_asked_answers(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    int64_t id = ask(paging, &asked, 201, "");
    answer(paging, id, SWAP_ACCEPTED, "chen", 403);
    answer(paging, id, SWAP_ACCEPTED, "ana", 403);
    answer(paging, id, SWAP_DECLINED, "chen", 403);
    answer(paging, id, SWAP_WITHDRAWN, "budi", 403);
    answer(paging, id + 1, SWAP_ACCEPTED, "budi", 404);
    expect_state(paging, id, SWAP_OPEN);
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "budi email: swap.asked 1");
    answer(paging, id, SWAP_DECLINED, "budi", 200);
    expect_on_call(paging, "2026-01-10T12:00:00Z", "ana");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: swap.declined 1");
}

static void everybody_is_asked_and_the_first_one_has_it(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    asked.asked = NULL;
    int64_t id = ask(paging, &asked, 201, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "budi email: swap.asked 1; chen email: swap.asked 1");
    answer(paging, id, SWAP_DECLINED, "budi", 409);
    answer(paging, id, SWAP_ACCEPTED, "dian", 403); /* takes no turns there */
    answer(paging, id, SWAP_ACCEPTED, "chen", 200);
    answer(paging, id, SWAP_ACCEPTED, "budi", 403); /* it is between the two by now */
    expect_on_call(paging, "2026-01-10T12:00:00Z", "chen");
}

static void who_is_away_is_not_asked(void **state)
{
    struct paging *paging = *state;
    paging_apply(paging, "{'absences': [{'name': 'trip', 'user': 'chen',"
                         " 'from': '2026-01-10T12:00:00Z', 'to': '2026-01-12T00:00:00Z'}]}");
    struct swap asked = tenth();
    asked.asked = NULL;
    (void)ask(paging, &asked, 201, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "budi email: swap.asked 1");
}

static void nobody_answers(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    int64_t id = ask(paging, &asked, 201, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "budi email: swap.asked 1");
    paging_pass(paging, SPAN_S(86400 - 2));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(2));
    paging_expect(paging, "budi email: swap.reminded 1");
    paging_pass(paging, SPAN_H(3 * 24 + 13));
    paging_expect(paging, "");
    expect_state(paging, id, SWAP_OPEN);
    paging_pass(paging, SPAN_H(1));
    paging_expect(paging, "ana email: swap.expired 1");
    expect_state(paging, id, SWAP_EXPIRED);
    answer(paging, id, SWAP_ACCEPTED, "budi", 409);
    expect_on_call(paging, "2026-01-10T12:00:00Z", "ana");
}

static void the_schedule_has_changed_meanwhile(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    int64_t id = ask(paging, &asked, 201, "");
    paging_apply(paging, "{'schedules': [{'name': 'rota', 'time_zone': 'UTC', 'layers': ["
                         "{'every': '1d', 'start': '2026-01-01T00:00', 'people': ['chen']}]}]}");
    answer(paging, id, SWAP_ACCEPTED, "budi", 409);
    expect_state(paging, id, SWAP_OPEN);
    expect_on_call(paging, "2026-01-10T12:00:00Z", "chen");
    answer(paging, id, SWAP_WITHDRAWN, "ana", 200);
}

static void what_cannot_be_asked_is_refused_by_its_field(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    asked.schedule = lent("rotta");
    (void)ask(paging, &asked, 422, "schedule");
    asked = tenth();
    asked.asked = lent("bodi");
    (void)ask(paging, &asked, 422, "with");
    asked.asked = lent("fei");
    (void)ask(paging, &asked, 422, "with");
    asked = tenth();
    asked.from = instant("2026-01-08T00:00:00Z");
    asked.until = instant("2026-01-10T00:00:00Z");
    (void)ask(paging, &asked, 422, "from"); /* budi's and chen's days */
    asked = tenth();
    asked.back_from = instant("2026-01-09T00:00:00Z");
    asked.back_until = instant("2026-01-10T00:00:00Z");
    (void)ask(paging, &asked, 422, "back_from"); /* chen's */
    assert_int_equal(test_ask_int(paging->db, "SELECT count(*) FROM swap"), 0);
}

static void it_says_so_in_the_words_of_the_reader(void **state)
{
    struct paging *paging = *state;
    struct swap asked = tenth();
    asked.comment = lent("my sister marries");
    (void)ask(paging, &asked, 201, "");
    paging_pass(paging, SPAN_S(1));
    const struct message *message = &paging_first(paging)->message;
    assert_non_null(strstr(message->title, "Bisakah Anda mengambil giliran? rota"));
    assert_non_null(strstr(message->text, "ana bertanya"));
    assert_non_null(strstr(message->text, "07.00")); /* midnight, in Jakarta */
    assert_non_null(strstr(message->text, "tocsin swap accept"));
    assert_null(strchr(message->text, '{'));
    assert_string_equal(message->note, "my sister marries");
    assert_string_equal(message->notice, "swap.asked");
    g_free(paging_messages(paging));
}

#define IN_TEAM(test) cmocka_unit_test_setup_teardown(test, open_team, paging_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEAM(who_accepts_is_on_call_and_who_asked_is_told),
        IN_TEAM(a_return_gives_the_other_shift_back),
        IN_TEAM(saying_it_twice_is_saying_it_once),
        IN_TEAM(only_who_was_asked_answers),
        IN_TEAM(everybody_is_asked_and_the_first_one_has_it),
        IN_TEAM(who_is_away_is_not_asked),
        IN_TEAM(nobody_answers),
        IN_TEAM(the_schedule_has_changed_meanwhile),
        IN_TEAM(what_cannot_be_asked_is_refused_by_its_field),
        IN_TEAM(it_says_so_in_the_words_of_the_reader),
    };
    paging_more = attach;
    CHECK(swap_get_resource() != NULL); /* linked: the step of the schema, and the texts */
    return cmocka_run_group_tests_name("swap_work", tests, NULL, NULL);
}
