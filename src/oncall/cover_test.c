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
    const char *away; /* one name, or NULL */
    const char *covers;
};

#define PAIR "'layers':[{'people':['ana','budi','chen'],'every':'1d','start':'2026-01-05T09:00'}]"
#define LAYERS                                                                                   \
    "'layers':[{'name':'base','people':['ana','budi'],'every':'1w','start':'2026-01-05T00:00'}," \
    "{'name':'office','people':['dian'],'every':'1w','start':'2026-01-05T00:00',"                \
    "'only':[{'days':'wed','from':'09:00','to':'18:00'}]}]"

/* All within 2026-02-02T00:00Z … 2026-02-05T00:00Z, when Paris is at UTC+1. */
static const struct row ROWS[] = {
    {"the next person, for what lies in the range", PAIR, "ana", NULL,
     "2026-02-02T01:00 2026-02-02T09:00 layer 1 budi|"
     "2026-02-04T09:00 2026-02-05T01:00 layer 1 budi|"},
    {"a whole turn", PAIR, "budi", NULL, "2026-02-02T09:00 2026-02-03T09:00 layer 1 chen|"},
    {"the next but one when the next is away", PAIR, "ana", "budi",
     "2026-02-02T01:00 2026-02-02T09:00 layer 1 chen|"
     "2026-02-04T09:00 2026-02-05T01:00 layer 1 chen|"},
    {"only where the layer decides", LAYERS, "ana", NULL,
     "2026-02-02T01:00 2026-02-04T09:00 base budi|2026-02-04T18:00 2026-02-05T01:00 base budi|"},
    {"nobody left in the layer", LAYERS, "dian", NULL, "nobody|"},
    {"nobody who is there", LAYERS, "ana", "budi", "nobody|nobody|"},
    {"an override falls back to the layers",
     PAIR ",'overrides':[{'from':'2026-02-03T10:00','to':'2026-02-03T11:00','who':'eko'}]", "eko",
     NULL, "2026-02-03T10:00 2026-02-03T11:00 - chen|"},
    {"not on call", PAIR, "eko", NULL, ""},
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

static char *covers_text(const GPtrArray *covers)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < covers->len; i++) {
        const struct cover *cover = g_ptr_array_index(covers, i);
        const struct override *override = cover->override;
        char from[UTC_TEXT_SIZE];
        char to[UTC_TEXT_SIZE];
        if (override == NULL) {
            g_string_append(text, "nobody|");
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
        g_autoptr(GPtrArray) covers = cover_propose(schedule, ROWS[i].user, away, from, to);
        g_autofree char *text = covers_text(covers);
        if (strcmp(text, ROWS[i].covers) != 0) {
            fail_msg("%s: %s", ROWS[i].name, text);
        }
        record_free(&SCHEDULE_RECORD, schedule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(somebody_takes_over)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
