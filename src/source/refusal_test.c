#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "source/refusal.h"

enum { GOOD = 0 };

/* What happens to one integration, in order; `at_s` is the time. */
static const struct {
    const char *name;
    int at_s;
    int kind;       /* GOOD: a request was taken */
    bool is_told;   /* … of a refusal */
    unsigned over;  /* … of a good one: 1 << kind */
    size_t counted; /* of a refusal */
} STORY[] = {
    {"what is lost is told at once", 0, REFUSAL_TOO_LARGE, true, 0, 1},
    {"and again only after a minute", 30, REFUSAL_TOO_LARGE, false, 0, 2},
    {"now", 60, REFUSAL_TOO_LARGE, true, 0, 3},
    {"each kind by itself", 61, REFUSAL_CUT_OFF, true, 0, 1},
    {"one odd request is nobody's business", 70, REFUSAL_UNREADABLE, false, 0, 1},
    {"nor are two", 71, REFUSAL_UNREADABLE, false, 0, 2},
    {"a good one between, too soon to end the others", 72, GOOD, false, 0, 0},
    {"the third, though what is small goes through between", 75, REFUSAL_UNREADABLE, true, 0, 3},
    {"good, and the first has been quiet for 15 minutes", 60 + 900, GOOD, false,
     1U << REFUSAL_TOO_LARGE, 0},
    {"the second, too; it is told once", 75 + 900, GOOD, false,
     1U << REFUSAL_CUT_OFF | 1U << REFUSAL_UNREADABLE, 0},
    {"nothing is left", 5000, GOOD, false, 0, 0},
    {"one request with an old key is nobody's business", 5000, REFUSAL_KEY, false, 0, 1},
    {"nor are two with old keys", 5000, REFUSAL_KEY, false, 0, 2},
    {"three are", 5000, REFUSAL_KEY, true, 0, 3},
    {"one at a wrong address is a person who tries it out", 5000, REFUSAL_DOOR, false, 0, 1},
    {"two, too", 5000, REFUSAL_DOOR, false, 0, 2},
    {"three are a sender", 5000, REFUSAL_DOOR, true, 0, 3},
    {"a header is another matter", 5000, REFUSAL_HEADER, false, 0, 1},
    {"it counts from one", 5001, REFUSAL_TOO_LARGE, true, 0, 1},
    {"a clock that was set back does not silence it", 100, REFUSAL_TOO_LARGE, true, 0, 2},
};

static struct utc at(int seconds)
{
    return (struct utc){INT64_C(1800000000000000) + (int64_t)seconds * 1000000};
}

static void test_story(void **state)
{
    (void)state;
    struct refusal_book *book = refusal_book_create();
    for (size_t i = 0; i < G_N_ELEMENTS(STORY); i++) {
        size_t counted = 0;
        bool is_told = false;
        unsigned over = 0;
        if (STORY[i].kind == GOOD) {
            over = refusal_good(book, "am", at(STORY[i].at_s));
        } else {
            is_told = refusal_note(book, "am", (enum refusal)STORY[i].kind, NULL, at(STORY[i].at_s),
                                   &counted);
        }
        if (is_told != STORY[i].is_told || over != STORY[i].over || counted != STORY[i].counted) {
            fail_msg("%s: told %d, over %u, counted %zu", STORY[i].name, is_told, over, counted);
        }
    }
    assert_int_equal(refusal_good(book, "another", at(0)), 0);
    refusal_book_destroy(&book);
    assert_null(book);
}

static void add_words(void *self, const struct refusal_state *state)
{
    g_string_append_printf(self, "%s %s %zu;", state->integration,
                           enum_to_name(REFUSAL_NAMES, state->kind), state->count);
}

static void test_each(void **state)
{
    (void)state;
    struct refusal_book *book = refusal_book_create();
    size_t counted = 0;
    (void)!refusal_note(book, "am", REFUSAL_ENCODING, NULL, at(0), &counted);
    (void)!refusal_note(book, "am", REFUSAL_ENCODING, NULL, at(1), &counted);
    g_autoptr(GString) words = g_string_new(NULL);
    refusal_each(book, at(2), add_words, words);
    assert_string_equal(words->str, "am encoding 2;");
    g_string_truncate(words, 0);
    refusal_each(book, at(2 * 86400), add_words, words);
    assert_string_equal(words->str, "");
    refusal_book_destroy(&book);
}

static void add_told(void *self, const struct refusal_state *state)
{
    g_autofree char *told = refusal_told(state);
    g_string_append_printf(self, "%s;", told);
}

/* The doctor's words. */
static void test_told(void **state)
{
    (void)state;
    g_autofree char *xs = g_strnfill(299, 'x');
    g_autofree char *is_long = g_strconcat(xs, "é", NULL);

    const struct {
        const char *name, *reasons[2], *told;
    } rows[] = {
        {"once",
         {"summary: is required"},
         "A request of am was not taken, or not whole, at "
         "2027-01-15T08:00:00Z: summary: is required.;"},
        {"the last reason",
         {"first", "did you mean \"summary\"?"},
         "2 requests of am were not taken, or "
         "not whole, since 2027-01-15T08:00:00Z; the last one: did you mean \"summary\"?;"},
        {"no reason of its own",
         {"first", NULL},
         "2 requests of am were not taken, or not whole, since "
         "2027-01-15T08:00:00Z; the last one: not all of it could be read.;"},
        {"whole characters", {is_long}, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct refusal_book *book = refusal_book_create();
        size_t counted = 0;
        size_t count = strncmp(rows[i].told != NULL ? rows[i].told : "A", "A", 1) == 0 ? 1 : 2;
        for (size_t k = 0; k < count; k++) {
            struct utc when = {at((int)k).us + 105339};
            (void)!refusal_note(book, "am", REFUSAL_UNREADABLE, rows[i].reasons[k], when, &counted);
        }
        g_autoptr(GString) words = g_string_new(NULL);
        refusal_each(book, at(5), add_told, words);
        if (rows[i].told == NULL ? strstr(words->str, "xxx.;") == NULL
                                 : strcmp(words->str, rows[i].told) != 0) {
            fail_msg("%s: %s", rows[i].name, words->str);
        }
        refusal_book_destroy(&book);
    }
}

static void test_signal(void **state)
{
    (void)state;

    static const struct {
        int kind;
        size_t count;
        const char *summary;
        const char *why;
    } ROWS[] = {
        {REFUSAL_TOO_LARGE, 12, "prod-am was refused 12 times: body too large", NULL},
        {REFUSAL_TOO_LARGE, 1, "prod-am was refused: body too large", NULL},
        {REFUSAL_CUT_OFF, 1500, "1500 alerts of prod-am were cut off: too much in one request",
         NULL},
        {REFUSAL_CUT_OFF, 1, "1 alert of prod-am was cut off: too much in one request", NULL},
        {REFUSAL_CUT_OFF, 0,
         "Alerts of prod-am after the first 8473 were cut off: too much in one request", NULL},
        {REFUSAL_CUT_OFF, 0, "Alerts of prod-am after the first 8473 were cut off: it ends early",
         "it ends early"},
        {REFUSAL_ENCODING, 3,
         "prod-am was refused 3 times: body in an encoding that is not understood", NULL},
        {REFUSAL_DOOR, 3, "prod-am was refused 3 times: sent to an address that is not its own",
         NULL},
        {REFUSAL_HEADER, 4, "prod-am was refused 4 times: header too large or malformed", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        enum refusal kind = (enum refusal)ROWS[i].kind;
        struct signal signal = {0}, over = {0};
        if (kind == REFUSAL_CUT_OFF) {
            const struct refused last = {ROWS[i].why, 8473};
            refusal_cut_off("prod-am", ROWS[i].count, &last, at(0), &signal);
        } else {
            static const struct refused NOTHING = {0};
            refusal_signal("prod-am", kind, ROWS[i].count, &NOTHING, at(0), &signal);
        }
        refusal_over(kind, &over);
        assert_string_equal(signal.summary, ROWS[i].summary);
        assert_int_equal(signal.action, SIGNAL_TRIGGER);
        assert_int_equal(over.action, SIGNAL_RESOLVE);
        assert_string_equal(signal.dedup_key, over.dedup_key);
        assert_true(utc_before(at(6 * 3600 - 1), signal.expires_at));
        signal_clear(&signal);
        signal_clear(&over);
    }
}

static const struct {
    size_t count;
    struct refused last;
    const char *summary;
} REASONS[] = {
    {1,
     {"summary: is required.", 0},
     "prod-am was refused: summary: is required; nothing of the request was taken"},
    {3,
     {"summary: is required", 0},
     "prod-am was refused 3 times, the last one: summary: is required; nothing of the request was "
     "taken"},
    {1,
     {"alerts[1].status: must be \"firing\"", 1},
     "prod-am was refused in part: alerts[1].status: must be \"firing\"; 1 alert of the request "
     "was taken"},
    {4,
     {"alerts[1].labels: must have one", 299},
     "prod-am was refused in part 4 times, the last one: alerts[1].labels: must have one; 299 "
     "alerts of the request were taken"},
};

static void test_what_was_refused_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(REASONS); i++) {
        struct signal signal = {0};
        refusal_signal("prod-am", REFUSAL_UNREADABLE, REASONS[i].count, &REASONS[i].last, at(0),
                       &signal);
        assert_string_equal(signal.summary, REASONS[i].summary);
        signal_clear(&signal);
    }
}

static void test_the_remedy_names_the_integration(void **state)
{
    (void)state;
    for (int kind = REFUSAL_TOO_LARGE; kind <= REFUSAL_HEADER; kind++) {
        g_autofree char *remedy = refusal_remedy("prod-am", (enum refusal)kind);
        bool is_named = kind == REFUSAL_UNREADABLE || kind == REFUSAL_KEY;
        assert_true(g_str_has_suffix(remedy, "."));
        assert_int_equal(strstr(remedy, "prod-am") != NULL, is_named);
        assert_null(strstr(remedy, "NAME"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_story),
                                       cmocka_unit_test(test_each),
                                       cmocka_unit_test(test_told),
                                       cmocka_unit_test(test_signal),
                                       cmocka_unit_test(test_what_was_refused_is_said),
                                       cmocka_unit_test(test_the_remedy_names_the_integration)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
