/* What a walk that found something amiss says, to people and to programs. */
#include "ledger/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#define AFTER "; restore a backup from before"

static void each_state_has_its_words(void **state)
{
    static const struct {
        struct chain chain;
        const char *words, *json;
    } rows[] = {
        {{.state = CHAIN_WHOLE}, "", "{\"events\":0,\"state\":\"whole\"}"},
        {{.state = CHAIN_WHOLE,
          .last_seq = 5,
          .first_at = {INT64_C(1790000000000000)},
          .last_at = {INT64_C(1790000060000000)},
          .seen_seq = 4},
         "",
         "{\"events\":5,\"first_at\":\"2026-09-21T14:13:20Z\",\"first_seq\":\"1\","
         "\"last_at\":\"2026-09-21T14:14:20Z\",\"last_seq\":\"5\",\"seen_seq\":\"4\","
         "\"state\":\"whole\"}"},
        {{.state = CHAIN_EDITED, .bad_from = 1, .bad_to = 1},
         "event 1 of the backup does not fit to the ones before it: it was edited" AFTER,
         NULL},
        {{.state = CHAIN_EDITED, .last_seq = 6, .bad_from = 7, .bad_to = 7},
         "event 7 of the backup does not fit to the ones before it: it was edited, or event 6 "
         "together with its hash" AFTER,
         NULL},
        {{.state = CHAIN_MISSING, .last_seq = 9, .bad_from = 10, .bad_to = 10},
         "event 10 of the backup is missing: somebody deleted what is not there" AFTER,
         "{\"bad_from\":\"10\",\"bad_to\":\"10\",\"events\":9,\"first_seq\":\"1\",\"last_seq\":"
         "\"9\",\"state\":\"missing\",\"what\":\"event 10 of the database is missing: somebody "
         "deleted what is not there" AFTER "\"}"},
        {{.state = CHAIN_MISSING, .last_seq = 9, .bad_from = 10, .bad_to = 12},
         "events 10 to 12 of the backup are missing: somebody deleted what is not there" AFTER,
         NULL},
        {{.state = CHAIN_CUT_OFF, .last_seq = 9, .seen_seq = 12, .bad_from = 10, .bad_to = 12},
         "events 10 to 12 of the backup are missing, and what may have come after: the history was "
         "cut off at its end" AFTER,
         NULL},
        {{.state = CHAIN_UNREAD}, "the events of the backup cannot be read: ", NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        bool is_whole = chain_words(&rows[i].chain, NULL, "backup", &fault);
        assert_int_equal(is_whole, rows[i].words[0] == '\0');
        assert_string_equal(fault.text, rows[i].words);
        if (rows[i].json != NULL) {
            json_auto_t *json = chain_json(&rows[i].chain);
            g_autofree char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
            assert_string_equal(text, rows[i].json);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_state_has_its_words)};
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
