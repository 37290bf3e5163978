/* bench/oncall/names_at.c - how many times a second can one core answer who is on call?
 *
 * Three layers with day and week turns, restrictions and overrides, in a zone with summer time, at
 * instants spread over two years, in an order that no cache can guess. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "oncall/shift.h"

enum { INSTANTS = 1 << 14, RUNS = 5 };

static const char SCHEDULE[] =
    "{'name': 'bench', 'time_zone': 'Europe/Paris', 'layers': ["
    " {'name': 'always', 'people': ['ana', 'budi', 'chen', 'dian'], 'every': '1w',"
    "  'start': '2024-01-01T09:00'},"
    " {'name': 'night', 'people': ['eko', 'fei', 'gita'], 'every': '1d', 'start': "
    "'2024-01-01T20:00',"
    "  'only': [{'from': '20:00', 'to': '06:00'}]},"
    " {'name': 'office', 'people': ['hana', 'ivo'], 'every': '12h', 'start': '2024-01-01T08:00',"
    "  'only': [{'days': 'mon-fri', 'from': '09:00', 'to': '18:00'}]}],"
    " 'overrides': ["
    "  {'from': '2025-12-24T00:00', 'to': '2025-12-27T00:00', 'who': 'chen'},"
    "  {'from': '2026-05-01T00:00', 'to': '2026-05-02T00:00'},"
    "  {'from': '2026-03-28T12:00', 'to': '2026-03-29T12:00', 'who': 'ana', 'layer': 'night'}]}";

static struct schedule *read_schedule(void)
{
    struct fault fault = {0};
    g_autoptr(GString) text = g_string_new(SCHEDULE);
    g_string_replace(text, "'", "\"", 0);
    json_auto_t *value = json_loads(text->str, 0, NULL);
    struct schedule *schedule = record_new(&SCHEDULE_RECORD, value, &fault);
    if (schedule == NULL) {
        fprintf(stderr, "%s: %s\n", fault.field, fault.text);
        exit(EXIT_FAILURE);
    }
    return schedule;
}

static double seconds_now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static size_t resolve_all(const struct schedule *schedule, const struct utc *instants,
                          size_t rounds)
{
    size_t found = 0;
    const char *names[4];
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < INSTANTS; i++) {
            found += oncall_names_at(schedule, instants[i], names, G_N_ELEMENTS(names));
        }
    }
    return found;
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    static struct utc instants[INSTANTS];
    const size_t rounds = 60;
    struct schedule *schedule = read_schedule();
    uint64_t state = 1;
    for (size_t i = 0; i < INSTANTS; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        instants[i].us = INT64_C(1748736000000000) + (int64_t)(state >> 18); /* 2.2 years */
    }
    double rates[RUNS];
    size_t found = resolve_all(schedule, instants, 1);
    for (size_t run = 0; run < RUNS; run++) {
        double start = seconds_now();
        found += resolve_all(schedule, instants, rounds);
        rates[run] = (double)(INSTANTS * rounds) / (seconds_now() - start);
    }
    qsort(rates, RUNS, sizeof rates[0], compare_double);
    printf("who is on call: %.0f resolutions/s on one core (three layers; median of %d; %zu people "
           "found)\n",
           rates[RUNS / 2], RUNS, found);
    record_free(&SCHEDULE_RECORD, schedule);
    return EXIT_SUCCESS;
}
