#include "oncall/absence.h"
#include "oncall/cover.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

struct row {
    const char *name;
    const char *schedule;
    const char *user;
    const char *away;   /* one name that cannot be reached, or NULL */
    const char *absent; /* "budi 2026-02-02T01:00Z 2026-02-03T00:00Z …", or NULL */
    const char *covers;
};

#define PAIR "'layers':[{'people':['ana','budi','chen'],'every':'1d','start':'2026-01-05T09:00'}]"
#define LAYERS                                                                                   \
    "'layers':[{'name':'base','people':['ana','budi'],'every':'1w','start':'2026-01-05T00:00'}," \
    "{'name':'office','people':['dian'],'every':'1w','start':'2026-01-05T00:00',"                \
    "'only':[{'days':'wed','from':'09:00','to':'18:00'}]}]"

/* All within 2026-02-02T00:00Z … 2026-02-05T00:00Z, when Paris is at UTC+1. */
static const struct row ROWS[] = {
    {"the next person, for what lies in the range", PAIR, "ana", NULL, NULL,
     "2026-02-02T01:00 2026-02-02T09:00 layer 1 budi|"
     "2026-02-04T09:00 2026-02-05T01:00 layer 1 budi|"},
    {"a whole turn", PAIR, "budi", NULL, NULL, "2026-02-02T09:00 2026-02-03T09:00 layer 1 chen|"},
    {"the next but one when the next is away", PAIR, "ana", "budi", NULL,
     "2026-02-02T01:00 2026-02-02T09:00 layer 1 chen|"
     "2026-02-04T09:00 2026-02-05T01:00 layer 1 chen|"},
    {"only where the layer decides", LAYERS, "ana", NULL, NULL,
     "2026-02-02T01:00 2026-02-04T09:00 base budi|2026-02-04T18:00 2026-02-05T01:00 base budi|"},
    {"nobody left in the layer", LAYERS, "dian", NULL, NULL, "nobody|"},
    {"nobody who is there", LAYERS, "ana", "budi", NULL, "nobody|nobody|"},
    {"an override falls back to the layers",
     PAIR ",'overrides':[{'from':'2026-02-03T10:00','to':'2026-02-03T11:00','who':'eko'}]", "eko",
     NULL, NULL, "2026-02-03T10:00 2026-02-03T11:00 - chen|"},
    {"not on call", PAIR, "eko", NULL, NULL, ""},
    {"the next but one while the next is on holiday, then the next", PAIR, "ana", NULL,
     "budi 2026-02-01T00:00:00Z 2026-02-04T08:00:00Z",
     "2026-02-02T01:00 2026-02-02T09:00 layer 1 chen|"
     "2026-02-04T09:00 2026-02-05T01:00 layer 1 budi|"},
    {"who is away for a moment of it does not take it", PAIR, "ana", NULL,
     "budi 2026-02-04T23:59:59Z 2026-02-06T00:00:00Z",
     "2026-02-02T01:00 2026-02-02T09:00 layer 1 budi|"
     "2026-02-04T09:00 2026-02-05T01:00 layer 1 chen|"},
    {"two take a part each when nobody can take all", PAIR, "ana", "chen",
     "budi 2026-02-04T12:00:00Z 2026-02-04T16:00:00Z",
     "2026-02-02T01:00 2026-02-02T09:00 layer 1 budi|"
     "2026-02-04T09:00 2026-02-04T13:00 layer 1 budi|"
     "nobody: budi 2026-02-04T16:00:00Z|"
     "2026-02-04T17:00 2026-02-05T01:00 layer 1 budi|"},
    {"the last one left is away, by two absences that overlap", PAIR, "ana", "chen",
     "budi 2026-02-01T00:00:00Z 2026-02-03T00:00:00Z "
     "budi 2026-02-02T12:00:00Z 2026-02-20T00:00:00Z",
     "nobody: budi 2026-02-20T00:00:00Z|nobody: budi 2026-02-20T00:00:00Z|"},
    {"an absence of another time or person changes nothing", PAIR, "ana", NULL,
     "budi 2026-02-05T00:00:00Z 2026-02-06T00:00:00Z "
     "eko 2026-02-01T00:00:00Z 2026-02-20T00:00:00Z",
     "2026-02-02T01:00 2026-02-02T09:00 layer 1 budi|"
     "2026-02-04T09:00 2026-02-05T01:00 layer 1 budi|"},
    {"an override falls to nobody on holiday",
     PAIR ",'overrides':[{'from':'2026-02-03T10:00','to':'2026-02-03T11:00','who':'eko'}]", "eko",
     NULL, "chen 2026-02-03T00:00:00Z 2026-02-04T00:00:00Z",
     "2026-02-03T10:00 2026-02-03T11:00 - ana|"},
};

static struct schedule *schedule_of(const char *rest)
{
    struct fault fault = {0};
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "{'name':'s','time_zone':'Europe/Paris',%s}", rest);
    g_string_replace(text, "'", "\"", 0);
    json_auto_t *value = json_loads(text->str, 0, NULL);
    struct schedule *schedule = record_new(&SCHEDULE_RECORD, value, &fault);
    if (schedule == NULL) {
        fail_msg("%s: %s", fault.field, fault.text);
    }
    return schedule;
}

static void append_nobody(GString *text, const struct cover *cover)
{
    g_string_append(text, "nobody");
    for (guint i = 0; i < cover->missed->len; i++) {
        const struct missed *missed = &g_array_index(cover->missed, struct missed, i);
        char until[UTC_TEXT_SIZE];
        utc_format(missed->until, until);
        g_string_append_printf(text, "%s %s %s", i == 0 ? ":" : ",", missed->user, until);
    }
    g_string_append_c(text, '|');
}

static void free_absence(gpointer absence)
{
    record_free(&ABSENCE_RECORD, absence);
}

static GPtrArray *absences_of(const char *text)
{
    GPtrArray *absences = g_ptr_array_new_with_free_func(free_absence);
    g_auto(GStrv) words = g_strsplit(text != NULL ? text : "", " ", -1);
    for (guint i = 0; i + 2 < g_strv_length(words); i += 3) {
        struct absence *absence = g_new0(struct absence, 1);
        absence->user = g_strdup(words[i]);
        assert_true(utc_parse(words[i + 1], &absence->from) &&
                    utc_parse(words[i + 2], &absence->to));
        g_ptr_array_add(absences, absence);
    }
    return absences;
}

static char *covers_text(const GPtrArray *covers)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < covers->len; i++) {
        const struct cover *cover = g_ptr_array_index(covers, i);
        const struct override *override = cover->override;
        char from[UTC_TEXT_SIZE];
        char to[UTC_TEXT_SIZE];
        if (override == NULL) {
            append_nobody(text, cover);
            continue;
        }
        civil_format(override->from, from);
        civil_format(override->to, to);
        g_string_append_printf(text, "%s %s %s %s|", from, to,
                               override->layer != NULL ? override->layer : "-", override->who);
    }
    return g_string_free(text, false);
}

static void somebody_takes_over(void **state)
{
    (void)state;
    struct utc from = {0};
    struct utc to = {0};
    assert_true(utc_parse("2026-02-02T00:00:00Z", &from) && utc_parse("2026-02-05T00:00:00Z", &to));
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct schedule *schedule = schedule_of(ROWS[i].schedule);
        g_autoptr(GPtrArray) away = g_ptr_array_new_with_free_func(g_free);
        if (ROWS[i].away != NULL) {
            g_ptr_array_add(away, g_strdup(ROWS[i].away));
        }
        g_autoptr(GPtrArray) absences = absences_of(ROWS[i].absent);
        g_autoptr(GPtrArray) covers =
            cover_propose(schedule, ROWS[i].user, (struct others){away, absences}, from, to);
        g_autofree char *text = covers_text(covers);
        if (strcmp(text, ROWS[i].covers) != 0) {
            fail_msg("%s: %s", ROWS[i].name, text);
        }
        record_free(&SCHEDULE_RECORD, schedule);
    }
}

#define WITH_BUDI                                                                          \
    PAIR ",'overrides':[{'from':'2026-02-01T00:00','to':'2026-02-06T00:00','who':'budi'}," \
         "{'from':'2026-02-03T10:00','to':'2026-02-03T11:00','who':'ana'}"
#define WITHOUT \
    PAIR ",'overrides':[{'from':'2026-02-03T10:00','to':'2026-02-03T11:00','who':'ana'}]"

/* Ana's turns are there again, and an override that is hers: what of it had others before? */
static void only_what_is_new_is_covered_again(void **state)
{
    static const struct {
        const char *name, *before, *covers;
    } AGAIN[] = {
        {"her turns, which others had", WITH_BUDI "]",
         "2026-02-02T01:00 2026-02-02T09:00 layer 1 budi|"
         "2026-02-04T09:00 2026-02-05T01:00 layer 1 budi|"},
        {"not the middle of one, which she had",
         WITH_BUDI ",{'from':'2026-02-04T12:00','to':'2026-02-04T16:00','who':'ana'}]",
         "2026-02-02T01:00 2026-02-02T09:00 layer 1 budi|"
         "2026-02-04T09:00 2026-02-04T12:00 layer 1 budi|"
         "2026-02-04T16:00 2026-02-05T01:00 layer 1 budi|"},
        {"all was hers", WITHOUT, ""},
        {"the override is new as well", PAIR, "2026-02-03T10:00 2026-02-03T11:00 - chen|"},
    };

    (void)state;
    struct utc from = {0};
    struct utc to = {0};
    assert_true(utc_parse("2026-02-02T00:00:00Z", &from) && utc_parse("2026-02-05T00:00:00Z", &to));
    for (size_t i = 0; i < G_N_ELEMENTS(AGAIN); i++) {
        struct schedule *schedule = schedule_of(WITHOUT);
        struct schedule *before = schedule_of(AGAIN[i].before);
        g_autoptr(GPtrArray) covers =
            cover_again(schedule, before, "ana", (struct others){0}, from, to);
        g_autofree char *text = covers_text(covers);
        if (strcmp(text, AGAIN[i].covers) != 0) {
            fail_msg("%s: %s", AGAIN[i].name, text);
        }
        record_free(&SCHEDULE_RECORD, before);
        record_free(&SCHEDULE_RECORD, schedule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_takes_over),
        cmocka_unit_test(only_what_is_new_is_covered_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
