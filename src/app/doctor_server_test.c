#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/doctor_server.h"

#define NOON ((struct utc){INT64_C(1795348800000000)})

/* Three nodes, two standbys of which one must answer: nothing to say. */
static struct server_facts sound(void)
{
    return (struct server_facts){.server = {.version_number = 150004,
                                            .version = "15.4",
                                            .has_fsync = true,
                                            .has_full_page_writes = true,
                                            .standby_names = "ANY 1 (b, c)",
                                            .standbys_required = 1,
                                            .standbys = 2,
                                            .standbys_ready = 2,
                                            .can_see_standbys = true,
                                            .is_near = false,
                                            .is_encrypted = true,
                                            .connections = 20,
                                            .connections_max = 97,
                                            .now = NOON},
                                 .now = NOON,
                                 .connections_wanted = 11,
                                 .nodes_alive = 3,
                                 .versions = g_ptr_array_new(),
                                 .silent = g_ptr_array_new()};
}

static void be_read_only(struct server_facts *facts)
{
    facts->server.is_read_only = true;
}

static void no_fsync(struct server_facts *facts)
{
    facts->server.has_fsync = false;
}

static void no_full_pages(struct server_facts *facts)
{
    facts->server.has_full_page_writes = false;
}

static void no_names(struct server_facts *facts)
{
    facts->server.standby_names[0] = '\0';
    facts->server.standbys_required = 0;
}

static void all_standbys_gone(struct server_facts *facts)
{
    facts->server.standbys = facts->server.standbys_ready = 0;
}

static void one_standby(struct server_facts *facts)
{
    facts->server.standbys = facts->server.standbys_ready = 1;
}

static void two_needed(struct server_facts *facts)
{
    g_strlcpy(facts->server.standby_names, "2 (b, c)", sizeof facts->server.standby_names);
    facts->server.standbys_required = 2;
}

static void two_needed_of_three(struct server_facts *facts)
{
    two_needed(facts);
    facts->server.standbys = facts->server.standbys_ready = 3;
}

static void one_of_two_needed(struct server_facts *facts)
{
    two_needed(facts);
    one_standby(facts);
}

static void as_patroni(struct server_facts *facts)
{
    g_strlcpy(facts->server.standby_names, "b", sizeof facts->server.standby_names);
    facts->server.standbys_ready = 1;
    facts->server.standbys_unnamed = 1;
}

static void only_unnamed(struct server_facts *facts)
{
    facts->server.standbys_ready = 0;
    facts->server.standbys_unnamed = 2;
}

static void hidden_standbys(struct server_facts *facts)
{
    facts->server.can_see_standbys = false;
    facts->server.standbys_ready = 0;
}

static void lag_of_a_minute(struct server_facts *facts)
{
    facts->server.lag = SPAN_MIN(1);
}

static void in_clear(struct server_facts *facts)
{
    facts->server.is_encrypted = false;
}

static void in_clear_but_near(struct server_facts *facts)
{
    in_clear(facts);
    facts->server.is_near = true;
}

static void by_name(struct server_facts *facts)
{
    facts->names = "db1, db2";
}

static void small_server(struct server_facts *facts)
{
    facts->server.connections_max = 32;
}

static void full_server(struct server_facts *facts)
{
    facts->server.connections = 87;
}

static void clock_ahead(struct server_facts *facts)
{
    facts->now = utc_add(NOON, SPAN_S(3));
}

static void clock_behind(struct server_facts *facts)
{
    facts->now = utc_add(NOON, (struct span){-3600000000});
}

static void clock_nearly(struct server_facts *facts)
{
    facts->now = utc_add(NOON, SPAN_S(2));
}

static void alone(struct server_facts *facts)
{
    facts->nodes_alive = 1;
}

static void one_version(struct server_facts *facts)
{
    g_ptr_array_add(facts->versions, (gpointer)(uintptr_t) "1.0");
}

static void two_versions(struct server_facts *facts)
{
    one_version(facts);
    g_ptr_array_add(facts->versions, (gpointer)(uintptr_t) "1.1");
}

static void silent_node(struct server_facts *facts)
{
    g_ptr_array_add(facts->silent, (gpointer)(uintptr_t) "node-b");
}

static void orphans(struct server_facts *facts)
{
    facts->orphan_lanes = 21;
}

static void all_nodes_gone(struct server_facts *facts)
{
    facts->orphan_lanes = 64;
    facts->nodes_alive = 0;
}

static const struct {
    const char *name;
    void (*change)(struct server_facts *facts);
    int level; /* 0: nothing is found */
    const char *check, *part, *remedy;
} ROWS[] = {
    {"all is well", NULL, 0, NULL, NULL, NULL},
    {"read-only", be_read_only, LINT_PROBLEM, "server", "takes no writes", "= off"},
    {"fsync", no_fsync, LINT_PROBLEM, "fsync", "fsync is off", "fsync = on"},
    {"full pages", no_full_pages, LINT_PROBLEM, "fsync", "full_page_writes is off", "= on"},
    {"no synchronous standby is named", no_names, LINT_WARNING, "replication", "No commit waits",
     "with the names of two standbys"},
    {"none is connected", all_standbys_gone, LINT_PROBLEM, "replication",
     "is connected (ANY 1 (b, c))", "Start a standby"},
    {"one", one_standby, LINT_WARNING, "replication", "one synchronous", "Add a second"},
    {"two, both needed", two_needed, LINT_WARNING, "replication", "all 2 synchronous", "fewer"},
    {"two needed of three", two_needed_of_three, 0, NULL, NULL, NULL},
    {"one, two needed", one_of_two_needed, LINT_PROBLEM, "replication", "1 can answer",
     "Start the others"},
    {"one named, another one is there", as_patroni, LINT_NOTE, "replication", "in its place (b)",
     "Patroni does so"},
    {"none of those that are there is named", only_unnamed, LINT_PROBLEM, "replication",
     "is connected (ANY 1 (b, c))", "name one that is connected"},
    {"no right to look", hidden_standbys, LINT_NOTE, "replication", "no right", "GRANT"},
    {"lag", lag_of_a_minute, LINT_WARNING, "replication", "is 1m behind", "network"},
    {"in the clear", in_clear, LINT_WARNING, "database-tls", "not encrypted", "verify-full"},
    {"in the clear, on this machine", in_clear_but_near, 0, NULL, NULL, NULL},
    {"hosts by name", by_name, LINT_NOTE, "database-host", "db1, db2", "hostaddr"},
    {"small server", small_server, LINT_WARNING, "connections", "may want 33", "Raise"},
    {"full server", full_server, LINT_WARNING, "connections", "10 are free", "Raise"},
    {"clock ahead", clock_ahead, LINT_WARNING, "clock", "3s ahead of", "chrony"},
    {"clock behind", clock_behind, LINT_WARNING, "clock", "1h behind", "chrony"},
    {"clock good enough", clock_nearly, 0, NULL, NULL, NULL},
    {"alone", alone, LINT_NOTE, "nodes", "There is one node", "another machine"},
    {"one version", one_version, 0, NULL, NULL, NULL},
    {"two versions", two_versions, LINT_WARNING, "nodes", "1.0, 1.1", "upgrade"},
    {"silent", silent_node, LINT_WARNING, "nodes", "node-b", "still runs"},
    {"orphans", orphans, LINT_WARNING, "nodes", "21 of 64", "Look again"},
    {"no node at all", all_nodes_gone, LINT_PROBLEM, "nodes", "64 of 64", "tocsin serve"},
};

static void each_fault_is_found_alone(void **state)
{
    (void)state;

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct server_facts facts = sound();
        GPtrArray *findings = lint_new();
        if (ROWS[i].change != NULL) {
            ROWS[i].change(&facts);
        }
        doctor_judge_server(&facts, findings);
        if (findings->len != (ROWS[i].level == 0 ? 0 : 1)) {
            fail_msg("%s: %u findings", ROWS[i].name, findings->len);
        }
        if (ROWS[i].level != 0) {
            const struct finding *finding = findings->pdata[0];
            if (finding->level != ROWS[i].level || strcmp(finding->check, ROWS[i].check) != 0 ||
                strstr(finding->what, ROWS[i].part) == NULL ||
                strstr(finding->remedy, ROWS[i].remedy) == NULL) {
                fail_msg("%s: %d %s: %s %s", ROWS[i].name, finding->level, finding->check,
                         finding->what, finding->remedy);
            }
        }
        g_ptr_array_unref(findings);
        g_ptr_array_unref(facts.versions);
        g_ptr_array_unref(facts.silent);
    }
}

static void a_database_without_standbys_is_told_how_to_get_them(void **state)
{
    (void)state;
    struct server_facts facts = sound();
    GPtrArray *findings = lint_new();
    no_names(&facts);
    all_standbys_gone(&facts);
    doctor_judge_server(&facts, findings);
    assert_int_equal(findings->len, 1);
    const struct finding *finding = findings->pdata[0];
    assert_non_null(strstr(finding->remedy, "Add two standbys"));
    g_ptr_array_unref(findings);
    g_ptr_array_unref(facts.versions);
    g_ptr_array_unref(facts.silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_found_alone),
        cmocka_unit_test(a_database_without_standbys_is_told_how_to_get_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
