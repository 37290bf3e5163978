/* How pages to people went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "paging/miss_store.h"
#include "paging/paging_harness.h"

/* Ana, then budi and the room, then chen. */
static const char TEAM[] =
    "{'users': ["
    " {'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}]},"
    " {'name': 'chen', 'contacts': [{'kind': 'email', 'to': 'chen@x.org'}]}],"
    "'channels': [{'name': 'room', 'kind': 'slack', 'to': 'http://chat.x.org/hook'}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'},"
    "   {'notify': [{'user': 'budi'}, {'channel': 'room'}], 'wait': '5m'}],"
    "  'repeat': 0, 'last_resort': {'user': 'chen'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

struct story {
    const char *name;
    /* One letter a minute, what happens at its end: . nothing, a b acknowledged by ana, budi, r
     * resolved by the source, e escalated by ana, E by budi, x everything sent is refused, l it arrives only after it
     * went on */
    const char *minutes;
    const char *expected; /* "name pages/acknowledged/went on" */
};

static const struct story STORIES[] = {
    {"acknowledged in time", "..a", "ana 1/1/0"},
    {"resolved by itself", "..r", "ana 1/0/0"},
    {"another took it before it went on", "..b", "ana 1/0/0"},
    {"went on, and the next one took it", "......b", "ana 1/0/1, budi 1/1/0"},
    {"went on, and she took it then", "......a", "ana 1/1/1, budi 1/0/0"},
    {"went on to the end", "...........", "ana 1/0/1, budi 1/0/1, chen 1/0/0"},
    {"she passed it on herself", "e.b", "ana 1/0/0, budi 1/1/0"},
    {"another pressed escalate", "E.b", "ana 1/0/1, budi 1/1/0"},
    {"it never reached her", "x.b", "ana 1/0/0, budi 1/1/0"},
    {"it reached her after it went on", "l..b", "ana 1/0/0, budi 1/1/0"},
};

static void happen(struct paging *paging, int64_t id, char what)
{
    switch (what) {
    case 'a':
        (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
        break;
    case 'b':
        (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:budi");
        break;
    case 'e':
        (void)paging_act(paging, VERB_ESCALATE, id, "user:ana");
        break;
    case 'E':
        (void)paging_act(paging, VERB_ESCALATE, id, "user:budi");
        break;
    case 'r':
        (void)paging_signal(paging, SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
        break;
    default:
        break;
    }
}

static void add_row(void *self, const struct miss_row *row)
{
    GString *out = self;
    g_string_append_printf(out, "%s%s %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                           out->len > 0 ? ", " : "", row->who, row->pages, row->acknowledged,
                           row->went_on);
}

static char *misses(struct paging *paging, const char *who, struct utc since)
{
    GString *out = g_string_new(NULL);
    miss_list(paging->db, who, since, utc_add(paging->now, SPAN_S(1)), add_row, out);
    return g_string_free(out, FALSE);
}

static void tell(struct paging *paging, const char *minutes)
{
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    if (minutes[0] == 'x') {
        g_free(paging_settle(paging, SEND_REFUSED));
    } else if (minutes[0] == 'l') { /* the provider asks for more time than her step has */
        g_free(paging_settle_later(paging, SPAN_MIN(4)));
        paging_pass(paging, SPAN_S(4 * 60 + 2));
        g_free(paging_settle_later(paging, SPAN_MIN(2)));
    }
    for (const char *at = minutes; *at != '\0'; at++) {
        g_free(paging_messages(paging));
        paging_pass(paging, SPAN_S(59));
        g_free(paging_messages(paging));
        paging_pass(paging, SPAN_S(1));
        g_free(paging_messages(paging));
        happen(paging, id, *at);
    }
    g_free(paging_messages(paging));
}

static void counts_kindly(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(STORIES); i++) {
        const struct story *story = &STORIES[i];
        struct paging paging;
        paging_open(&paging, TEAM);
        tell(&paging, story->minutes);
        g_autofree char *found = misses(&paging, NULL, PAGING_START);
        if (strcmp(found, story->expected) != 0) {
            fail_msg("%s: found %s, expected %s", story->name, found, story->expected);
        }
        paging_close(&paging);
    }
}

static void counts_one_person_and_a_time(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    tell(&paging, "......b");
    (void)paging_signal(&paging, SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
    paging_pass(&paging, SPAN_H(1));
    struct utc later = paging.now;
    tell(&paging, "..a");
    g_autofree char *both = misses(&paging, "ana", PAGING_START);
    assert_string_equal(both, "ana 2/1/1");
    g_autofree char *second = misses(&paging, NULL, later);
    assert_string_equal(second, "ana 1/1/0");
    g_autofree char *nobody = misses(&paging, "eve", PAGING_START);
    assert_string_equal(nobody, "");
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_kindly),
        cmocka_unit_test(counts_one_person_and_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
