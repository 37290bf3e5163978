/* Gaps ahead: who is warned, when, once. The clock starts on Monday 2026-01-05, 10:00 UTC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "paging/gap.h"
#include "paging/paging_harness.h"

/* Chen has nothing to be reached by. */
#define PEOPLE                                                                                    \
    "'users': ["                                                                                  \
    " {'name': 'ana', 'time_zone': 'Asia/Jakarta', 'language': 'id',"                             \
    "  'contacts': [{'kind': 'email', 'to': 'ana@x.org'}, {'kind': 'ntfy', 'to': 'http://n/a'}]," \
    "  'rules': {'high': [{'after': '0s', 'contact': 'email'}],"                                  \
    "            'low': [{'after': '0s', 'contact': 'ntfy'}]},"                                   \
    "  'quiet_hours': [{'from': '20:00', 'to': '07:00'}]},"                                       \
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}]},"                     \
    " {'name': 'chen'}],"                                                                         \
    "'teams': [{'name': 'led', 'members': ['ana', 'budi'], 'lead': 'budi'},"                      \
    "  {'name': 'flat', 'members': ['ana', 'budi', 'chen']},"                                     \
    "  {'name': 'mute', 'members': ['ana'], 'lead': 'chen'}],"

#define LAYER(people, more) \
    "{'people': [" people "], 'every': '1d', 'start': '2026-01-01T00:00'" more "}"
#define SCHEDULE(name, layers, more) \
    "{'name': '" name "', 'time_zone': 'UTC', 'layers': [" layers "]" more "}"

#define ALWAYS LAYER("'ana', 'budi'", "")
#define UNTIL_THE_12TH LAYER("'ana', 'budi'", ", 'end': '2026-01-12T00:00'")
#define OFFICE LAYER("'ana'", ", 'only': [{'days': 'mon-fri', 'from': '09:00', 'to': '18:00'}]")
#define OFFICE_UNTIL_THE_12TH                                                                   \
    LAYER("'ana'", ", 'end': '2026-01-12T00:00', 'only': [{'days': 'mon-fri', 'from': '09:00'," \
                   " 'to': '18:00'}]")

struct warning_row {
    const char *name;
    const char *schedules;
    const char *expected; /* who is told within a day, in order */
};

static const struct warning_row WARNINGS[] = {
    {"somebody always", SCHEDULE("a", ALWAYS, ""), ""},
    {"a layer ends: its people", SCHEDULE("a", UNTIL_THE_12TH, ""),
     "ana ntfy: gap 1; budi email: gap 1"},
    {"the owner", SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'ana'"), "ana ntfy: gap 1"},
    {"a team's lead", SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'led'"), "budi email: gap 1"},
    {"a team without a lead: its members", SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'flat'"),
     "ana ntfy: gap 1; budi email: gap 1"},
    {"a lead who cannot be reached: the members",
     SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'mute'"), "ana ntfy: gap 1"},
    {"nobody who can be reached", SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'chen'"), ""},
    {"an override by nobody is on purpose",
     SCHEDULE("a", ALWAYS,
              ", 'overrides': [{'from': '2026-01-08T00:00', 'to': '2026-01-09T00:00'}]"),
     ""},
    {"every night, told once", SCHEDULE("a", OFFICE, ", 'owner': 'budi'"), "budi email: gap 1"},
    {"one message for several schedules",
     SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'budi'") "," SCHEDULE("b", OFFICE,
                                                                     ", 'owner': 'budi'"),
     "budi email: gap 1"},
};

static void sort_messages(char *messages, char out[512])
{
    g_auto(GStrv) parts = g_strsplit(messages, "; ", -1);
    bool is_swapped = parts[0] != NULL && parts[1] != NULL && strcmp(parts[0], parts[1]) > 0;
    if (is_swapped) {
        g_snprintf(out, 512, "%s; %s", parts[1], parts[0]);
    } else {
        g_strlcpy(out, messages, 512);
    }
}

static void expect(struct paging *paging, const char *name, const char *expected)
{
    char sorted[512];
    g_autofree char *messages = paging_messages(paging);
    sort_messages(messages, sorted);
    if (strcmp(sorted, expected) != 0) {
        fail_msg("%s: told \"%s\", expected \"%s\"", name, sorted, expected);
    }
}

static void open_with(struct paging *paging, const char *schedules)
{
    g_autofree char *document = g_strconcat("{", PEOPLE "'schedules': [", schedules, "]}", NULL);
    paging_open(paging, document);
}

static void warns_whom_it_concerns(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(WARNINGS); i++) {
        const struct warning_row *row = &WARNINGS[i];
        struct paging paging;
        open_with(&paging, row->schedules);
        expect(&paging, row->name, "");
        paging_pass(&paging, SPAN_MIN(1));
        expect(&paging, row->name, row->expected);
        paging_pass(&paging, SPAN_D(2));
        expect(&paging, row->name, "");
        paging_close(&paging);
    }
}

static void warns_once_over_restarts(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'budi'"));
    paging_pass(&paging, SPAN_MIN(1));
    expect(&paging, "first", "budi email: gap 1");
    paging_restart(&paging);
    paging_pass(&paging, SPAN_D(12)); /* the gap has begun meanwhile */
    expect(&paging, "later", "");
    paging_restart(&paging);
    paging_pass(&paging, SPAN_D(3));
    expect(&paging, "within", "");
    paging_close(&paging);
}

static void warns_soon_after_a_change(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, SCHEDULE("a", ALWAYS, ", 'owner': 'budi'"));
    paging_pass(&paging, SPAN_MIN(1));
    expect(&paging, "all well", "");
    paging_apply(&paging, "{" PEOPLE
                          "'schedules': [" SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'budi'") "]}");
    paging_pass(&paging, SPAN_MIN(1));
    expect(&paging, "cut short", "budi email: gap 1");
    /* Another gap, earlier than the one that is known, is news; so is one after it is closed. */
    paging_apply(&paging,
                 "{" PEOPLE "'schedules': [" SCHEDULE(
                     "a", LAYER("'ana'", ", 'end': '2026-01-10T00:00'"), ", 'owner': 'budi'") "]}");
    paging_pass(&paging, SPAN_MIN(1));
    expect(&paging, "cut shorter", "budi email: gap 1");
    paging_close(&paging);
}

/* Nights are routine, but the end of everything is not, although it begins as a night. */
static void an_end_is_told_beside_free_nights(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, SCHEDULE("a", OFFICE, ", 'owner': 'budi'"));
    paging_pass(&paging, SPAN_MIN(1));
    expect(&paging, "nights", "budi email: gap 1");
    paging_apply(&paging, "{" PEOPLE "'schedules': [" SCHEDULE("a", OFFICE_UNTIL_THE_12TH,
                                                               ", 'owner': 'budi'") "]}");
    paging_pass(&paging, SPAN_MIN(1));
    expect(&paging, "end", "budi email: gap 1");
    paging_close(&paging);
}

static void waits_for_the_end_of_quiet_hours(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, SCHEDULE("a", ALWAYS, ", 'owner': 'ana'"));
    paging_pass(&paging, SPAN_H(4)); /* 21:00 in Jakarta */
    paging_apply(&paging, "{" PEOPLE
                          "'schedules': [" SCHEDULE("a", UNTIL_THE_12TH, ", 'owner': 'ana'") "]}");
    paging_pass(&paging, SPAN_H(9));
    expect(&paging, "night", "");
    paging_pass(&paging, SPAN_H(1)); /* 07:00 */
    expect(&paging, "morning", "ana ntfy: gap 1");
    paging_close(&paging);
}

static const struct message *only_message(const struct paging *paging)
{
    assert_int_equal(paging->errands->len, 1);
    const struct errand *errand = g_ptr_array_index(paging->errands, 0);
    return &errand->message;
}

static void says_it_in_the_receivers_words(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, SCHEDULE("nights", OFFICE, ", 'owner': 'ana'") "," SCHEDULE(
                           "days", UNTIL_THE_12TH, ", 'owner': 'ana'"));
    paging_pass(&paging, SPAN_MIN(1));
    assert_string_equal(
        only_message(&paging)->detail,
        "nights: Selasa, 6 Januari 2026 pukul 01.00 (Asia/Jakarta) sampai Selasa, 6 "
        "Januari 2026 pukul 16.00 (Asia/Jakarta), dan berulang pada waktu lain; days: mulai Senin, "
        "12 Januari 2026 pukul 07.00 (Asia/Jakarta), belum ada akhirnya");
    assert_string_equal(only_message(&paging)->reason, "Anda mengelola jadwal nights, days.");
    paging_close(&paging);
}

static void is_news_or_not(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        int since_h, until_h, cause; /* hours from the start */
        bool is_news;
    } ROWS[] = {
        {"the same", 10, 20, GAP_ENDED, false},
        {"the same, longer by now", 10, 30, GAP_ENDED, false},
        {"the same, under way", 15, 20, GAP_ENDED, false},
        {"right behind it", 20, 25, GAP_ENDED, true},
        {"begins earlier", 9, 20, GAP_ENDED, true},
        {"another night", 48, 60, GAP_WINDOWS, false},
        {"a fortnight", 48, 48 + 14 * 24, GAP_WINDOWS, true},
        {"on purpose", 48, 60, GAP_OVERRIDE, false},
        {"not started", 48, 60, GAP_NOT_STARTED, true},
    };

    g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(struct gap));
    const struct utc start = PAGING_START;
    struct gap before[] = {
        {utc_add(start, SPAN_H(10)), utc_add(start, SPAN_H(20)), GAP_ENDED},
        {utc_add(start, SPAN_H(1)), utc_add(start, SPAN_H(2)), GAP_WINDOWS},
    };
    g_array_append_vals(known, before, G_N_ELEMENTS(before));
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct gap gap = {utc_add(start, SPAN_H(ROWS[i].since_h)),
                          utc_add(start, SPAN_H(ROWS[i].until_h)), ROWS[i].cause};
        if (gap_is_news(&gap, known) != ROWS[i].is_news) {
            fail_msg("%s", ROWS[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warns_whom_it_concerns),
        cmocka_unit_test(warns_once_over_restarts),
        cmocka_unit_test(warns_soon_after_a_change),
        cmocka_unit_test(an_end_is_told_beside_free_nights),
        cmocka_unit_test(waits_for_the_end_of_quiet_hours),
        cmocka_unit_test(says_it_in_the_receivers_words),
        cmocka_unit_test(is_news_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
