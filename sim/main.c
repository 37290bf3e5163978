/* sim/main.c - simulated on-call hours: many worlds, each from a seed. */
#include <glib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/record.h"
#include "sim/world.h"

static gint64 first_seed = 1;
static gint worlds = 100;
static gint hours = 100;
static gint nodes = 1;
static gchar *plant_name;
static gboolean expects_complaint;
static gboolean keep;
static gboolean verbose;

static const GOptionEntry OPTIONS[] = {
    {"seed", 's', 0, G_OPTION_ARG_INT64, &first_seed, "seed of the first world", "N"},
    {"worlds", 'w', 0, G_OPTION_ARG_INT, &worlds, "how many worlds", "N"},
    {"hours", 'h', 0, G_OPTION_ARG_INT, &hours, "simulated hours of each", "N"},
    {"nodes", 'n', 0, G_OPTION_ARG_INT, &nodes, "nodes that share the database: 1 to 3", "N"},
    {"plant", 'p', 0, G_OPTION_ARG_STRING, &plant_name, "put in a mistake and see it found",
     "lost-timers|wrong-shift|late-sending|early-answer|no-throttle|no-fence|early-fence|"
     "lost-wake-up|early-database"},
    {"expect-complaint", 0, 0, G_OPTION_ARG_NONE, &expects_complaint, "fail unless one is found",
     NULL},
    {"keep", 0, 0, G_OPTION_ARG_NONE, &keep, "leave the databases where they are, to look at",
     NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "show the program's log", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL},
};

static const struct enum_name PLANT_NAMES[] = {
    {"nothing", PLANT_NOTHING},
    {"lost-timers", PLANT_LOST_TIMERS},
    {"wrong-shift", PLANT_WRONG_SHIFT},
    {"late-sending", PLANT_LATE_SENDING},
    {"early-answer", PLANT_EARLY_ANSWER},
    {"no-throttle", PLANT_NO_THROTTLE},
    {"double-end", PLANT_DOUBLE_END},
    {"no-fence", PLANT_NO_FENCE},
    {"early-fence", PLANT_EARLY_FENCE},
    {"lost-wake-up", PLANT_LOST_WAKE_UP},
    {"early-database", PLANT_EARLY_DATABASE},
    {NULL, 0},
};

static void add(struct world_report *sum, const struct world_report *one)
{
    for (int i = 0; i < COUNT_END; i++) {
        sum->counts[i] += one->counts[i];
    }
}

/* How the counts are called, in the order in which they are told. */
static const struct enum_name COUNT_NAMES[] = {
    {"signals", COUNT_SIGNALS},
    {"alerts", COUNT_ALERTS},
    {"pages", COUNT_PAGES},
    {"messages", COUNT_MESSAGES},
    {"acknowledgements", COUNT_ACKNOWLEDGEMENTS},
    {"crashes", COUNT_CRASHES},
    {"power losses", COUNT_POWER_LOSSES},
    {"full disks", COUNT_FULL_DISKS},
    {"clock jumps", COUNT_JUMPS},
    {"freezes", COUNT_FREEZES},
    {"clean stops", COUNT_STOPS},
    {"nodes cut from the database", COUNT_CUTS},
    {"nodes cut from the providers", COUNT_SILENT_NODES},
    {"lost answers to commits", COUNT_LOST_ANSWERS},
    {"database outages", COUNT_OUTAGES},
    {"failovers", COUNT_FAILOVERS},
    {"lost wake-ups", COUNT_LOST_WAKE_UPS},
    {"configuration changes", COUNT_CONFIG_CHANGES},
    {"lanes moved", COUNT_MOVES},
    {"repeats after a fault", COUNT_REPEATS},
    {"messages that a frozen node held until after the acknowledgement", COUNT_LATE_MESSAGES},
    {NULL, 0},
};

static void tell(const struct world_report *sum, int complaints)
{
    (void)printf("%d worlds of %d hours:", worlds, hours);
    for (const struct enum_name *name = COUNT_NAMES; name->name != NULL; name++) {
        if (sum->counts[name->value] > 0) {
            (void)printf(" %" PRId64 " %s,", sum->counts[name->value], name->name);
        }
    }
    (void)printf(" %d complaints\n", complaints);
}

static void run_world(int index, const char *folder, struct world_report *out)
{
    g_autofree char *path = g_strdup_printf("%s/world-%d.db", folder, index);
    const struct world_options options = {
        .seed = (uint64_t)first_seed + (uint64_t)index,
        .hours = hours,
        .nodes = nodes,
        .plant = plant_name != NULL ? enum_from_name(PLANT_NAMES, plant_name) : PLANT_NOTHING,
        .is_told = verbose,
        .keep_at = keep ? path : NULL,
    };
    world_run(&options, out);
}

static void say(void *self, const char *line)
{
    (void)self;
    (void)printf("    %s\n", line);
}

static void say_nothing(void *self, const char *line)
{
    (void)self;
    (void)line;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- simulate on-call hours");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, OPTIONS, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    if (plant_name != NULL && enum_from_name(PLANT_NAMES, plant_name) == 0) {
        (void)fprintf(stderr, "no such mistake: %s; --help lists them\n", plant_name);
        return 2;
    }
    /* The program complains of its disk all the time in there; the auditor's word is what counts. */
    log_setup(&(struct log_options){.sink = verbose ? say : say_nothing});
    g_autofree char *folder = g_dir_make_tmp("tocsin-sim-XXXXXX", &error);
    struct world_report sum = {0};
    int complaints = 0;
    for (int i = 0; i < worlds && complaints == 0; i++) {
        struct world_report report;
        run_world(i, folder, &report);
        add(&sum, &report);
        if (report.complaint[0] != '\0') {
            (void)printf("seed %" PRId64 ": %s\nagain: --seed %" PRId64
                         " --worlds 1 --hours %d --nodes %d\n",
                         first_seed + i, report.complaint, first_seed + i, hours, nodes);
            complaints++;
        }
    }
    if (keep) {
        (void)printf("databases: %s\n", folder);
    } else {
        (void)g_rmdir(folder);
    }
    tell(&sum, complaints);
    return (complaints > 0) == (expects_complaint != 0) ? 0 : 1;
}
