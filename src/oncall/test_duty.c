#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/config_store.h"
#include "oncall/absence.h"
#include "oncall/override_store.h"
#include "oncall/override_work.h"
#include "oncall/policy.h"
#include "oncall/schedule.h"
#include "oncall/shift.h"
#include "oncall/test_duty.h"
#include "people/user.h"

const char DUTY_TEAM[] =
    "users:\n"
    "  - {name: ana, contacts: [{kind: email, to: ana@example.com}]}\n"
    "  - {name: budi, contacts: [{kind: email, to: budi@example.com}]}\n"
    "  - {name: chen}\n"
    "  - {name: dian, contacts: [{kind: email, to: dian@example.com}]}\n"
    "schedules:\n"
    "  - {name: daily, time_zone: Europe/Paris, layers: [{people: [ana, chen, budi], every: 1d,"
    " start: \"2020-01-01T09:00\"}]}\n"
    "  - {name: alone, time_zone: UTC, layers: [{people: [ana], every: 1d, start: "
    "\"2020-01-01T09:00\"}]}\n"
    "policies:\n"
    "  - {name: named, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: budi}}\n"
    "  - {name: resort, steps: [{notify: [{user: budi}], wait: 5m}], last_resort: {user: ana}}\n"
    "  - {name: other, steps: [{notify: [{schedule: daily}], wait: 5m}], last_resort: {user: "
    "budi}}\n";

const struct config_kind *const DUTY_KINDS[] = {
    &USER_KIND, &TEAM_KIND, &CHAT_CHANNEL_KIND, &SCHEDULE_KIND, &POLICY_KIND, &ABSENCE_KIND, NULL};

int duty_open(void **state)
{
    int failed = world_open(state);
    struct ledger *ledger = ((struct world *)*state)->ledger;
    ledger_add_events(ledger, OVERRIDE_EVENTS);
    ledger_add_events(ledger, ABSENCE_EVENTS);
    ledger_add_events(ledger, OFF_DUTY_EVENTS);
    return failed;
}

struct off_duty duty_take_off(struct world *world, const char *user, struct span span, bool dry_run)
{
    struct apply_config applied = world_apply(world, DUTY_TEAM, (struct terms){0});
    apply_config_clear(&applied);
    struct off_duty off = {.user = user, .until = utc_add(world->now, span), .dry_run = dry_run};
    world_run(world, off_duty_run, &off);
    return off;
}

static void count_row(void *count, const struct override_row *row)
{
    (void)row;
    (*(size_t *)count)++;
}

size_t duty_override_count(struct world *world)
{
    size_t count = 0;
    override_list(world->db, NULL, count_row, &count);
    return count;
}

bool duty_is_on_call(struct world *world, const char *schedule, const char *user, struct utc at)
{
    struct config *config = config_current(world->configs);
    const char *users[8];
    size_t count = oncall_names_at(schedule_find(config, schedule), at, users, 8);
    bool is_found = false;
    for (size_t i = 0; i < count; i++) {
        is_found |= strcmp(users[i], user) == 0;
    }
    config_unref(config);
    return is_found;
}

struct off_duty duty_take_off_again(struct world *world, const char *user, struct span span)
{
    struct off_duty off = {.user = user, .until = utc_add(world->now, span)};
    world_run(world, off_duty_run, &off);
    assert_int_equal(off.base.status, 200);
    return off;
}

struct end_absence duty_end(struct world *world, const char *name, bool keeps_covers)
{
    struct end_absence end = {.name = name, .keeps_covers = keeps_covers};
    world_run(world, end_absence_run, &end);
    return end;
}
