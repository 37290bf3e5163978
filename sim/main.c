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
static gchar *plant_name;
static gboolean expects_complaint;
static gboolean keep;
static gboolean verbose;

static const GOptionEntry OPTIONS[] = {
    {"seed", 's', 0, G_OPTION_ARG_INT64, &first_seed, "seed of the first world", "N"},
    {"worlds", 'w', 0, G_OPTION_ARG_INT, &worlds, "how many worlds", "N"},
    {"hours", 'h', 0, G_OPTION_ARG_INT, &hours, "simulated hours of each", "N"},
    {"plant", 'p', 0, G_OPTION_ARG_STRING, &plant_name, "put in a mistake and see it found",
     "lost-timers|wrong-shift|late-sending|early-answer|no-throttle"},
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
    {NULL, 0},
};

static void add(struct world_report *sum, const struct world_report *one)
{
    sum->signals += one->signals;
    sum->alerts += one->alerts;
    sum->pages += one->pages;
    sum->messages += one->messages;
    sum->acknowledgements += one->acknowledgements;
    sum->crashes += one->crashes;
    sum->power_losses += one->power_losses;
    sum->full_disks += one->full_disks;
    sum->jumps += one->jumps;
    sum->steps += one->steps;
}

static void run_world(int index, const char *folder, struct world_report *out)
{
    g_autofree char *path = g_strdup_printf("%s/world-%d.db", folder, index);
    const struct world_options options = {
        .seed = (uint64_t)first_seed + (uint64_t)index,
        .hours = hours,
        .plant = plant_name != NULL ? enum_from_name(PLANT_NAMES, plant_name) : PLANT_NOTHING,
        .keep_at = keep ? path : NULL,
    };
    world_run(&options, out);
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
    if (!verbose) {
        log_setup(&(struct log_options){.sink = say_nothing});
    }
    g_autofree char *folder = g_dir_make_tmp("tocsin-sim-XXXXXX", &error);
    struct world_report sum = {0};
    int complaints = 0;
    for (int i = 0; i < worlds && complaints == 0; i++) {
        struct world_report report;
        run_world(i, folder, &report);
        add(&sum, &report);
        if (report.complaint[0] != '\0') {
            (void)printf("seed %" PRId64 ": %s\nagain: --seed %" PRId64 " --worlds 1 --hours %d\n",
                         first_seed + i, report.complaint, first_seed + i, hours);
            complaints++;
        }
    }
    if (keep) {
        (void)printf("databases: %s\n", folder);
    } else {
        (void)g_rmdir(folder);
    }
    (void)printf(
        "%d worlds of %d hours: %" PRId64 " signals, %" PRId64 " alerts, %" PRId64
        " pages, %" PRId64 " messages, %" PRId64 " acknowledgements, %" PRId64 " crashes (%" PRId64
        " power losses), %" PRId64 " full disks, %" PRId64 " clock jumps; %d complaints\n",
        worlds, hours, sum.signals, sum.alerts, sum.pages, sum.messages, sum.acknowledgements,
        sum.crashes, sum.power_losses, sum.full_disks, sum.jumps, complaints);
    return (complaints > 0) == (expects_complaint != 0) ? 0 : 1;
}
