#include <string.h>

#include "app/doctor.h"
#include "app/doctor_server.h"
#include "ledger/node.h"

/* Beside one for each thread that takes requests: the writer, the listener, the courier, the log file, two
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

static bool stands_in(const char *hosts, const char *name)
{
    g_auto(GStrv) words = g_strsplit_set(hosts, " \t\n", -1);
    for (char **word = words; *word != NULL; word++) {
        if (g_ascii_strcasecmp(*word, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The names of database hosts that are not in /etc/hosts, "a, b"; NULL when there are none. Free with
 * g_free. */
static char *names_to_resolve(const char *database_url)
{
    g_auto(GStrv) names = db_hosts_to_resolve(database_url);
    g_autofree char *hosts = NULL;
    (void)g_file_get_contents("/etc/hosts", &hosts, NULL, NULL);
    GString *list = g_string_new(NULL);
    for (char **name = names; *name != NULL; name++) {
        if (hosts == NULL || !stands_in(hosts, *name)) {
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", *name);
        }
    }
    return g_string_free(list, list->len == 0);
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
    g_autofree char *names = names_to_resolve(doctor->settings->database_url);
    facts.names = names;
    if (is_server) {
        doctor_judge_server(&facts, doctor->findings);
    }
    g_ptr_array_unref(facts.versions);
    g_ptr_array_unref(facts.silent);
}
