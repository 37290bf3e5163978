#include <string.h>

#include "app/doctor.h"
#include "app/doctor_server.h"
#include "ledger/node.h"

/* Beside one for each thread that takes requests: the writer, the ear, the courier, the log file, two
 * askers of the doctor and a backup. */
enum { CONNECTIONS_BESIDE = 7 };

struct looking {
    const struct doctor *doctor;
    struct server_facts *facts;
};

static void add_once(GPtrArray *texts, const char *text)
{
    if (!g_ptr_array_find_with_equal_func(texts, text, g_str_equal, NULL)) {
        g_ptr_array_add(texts, g_strdup(text));
    }
}

static void see_node(void *self, const struct node_info *node)
{
    const struct looking *looking = self;
    const struct ledger *ledger = looking->doctor->ledger;
    struct span age;
    if (node->state != NODE_ALIVE) {
        return;
    }
    looking->facts->nodes_alive++;
    add_once(looking->facts->versions, node->version);
    if (ledger != NULL && ledger_beat_age(ledger, node->id, &age) && age.us > NODE_DEAD_AFTER.us) {
        add_once(looking->facts->silent, node->name);
    }
}

void doctor_server(struct doctor *doctor)
{
    int64_t threads = doctor->settings->threads;
    struct server_facts facts = {.connections_wanted =
                                     (threads > 0 ? threads : (int64_t)g_get_num_processors()) +
                                     CONNECTIONS_BESIDE,
                                 .versions = g_ptr_array_new_with_free_func(g_free),
                                 .silent = g_ptr_array_new_with_free_func(g_free)};
    struct looking looking = {doctor, &facts};
    node_list(doctor->db, see_node, &looking);
    facts.orphan_lanes = node_orphan_lanes(doctor->db);
    bool is_server = db_server_look(doctor->db, &facts.server);
    facts.now = clock_now(&CLOCK_SYSTEM);
    if (is_server) {
        doctor_judge_server(&facts, doctor->findings);
    }
    g_ptr_array_unref(facts.versions);
    g_ptr_array_unref(facts.silent);
}
