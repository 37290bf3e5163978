#include "oncall/off_duty.h"

#include <string.h>

#include "base/json_set.h"
#include "config/config_check.h"
#include "config/config_command.h"
#include "config/config_store.h"
#include "ledger/event.h"
#include "oncall/absence.h"
#include "oncall/absence_work.h"
#include "oncall/cover.h"
#include "oncall/override_store.h"
#include "oncall/override_work.h"
#include "oncall/policy.h"
#include "people/user.h"

#define AHEAD_MAX SPAN_D(366)

enum { COVERS_MAX = 1000 };

void off_duty_clear(struct off_duty *off_duty)
{
    g_clear_pointer(&off_duty->covers, json_decref);
    g_clear_pointer(&off_duty->uncovered, json_decref);
    g_clear_pointer(&off_duty->named_by, json_decref);
    g_clear_pointer(&off_duty->absence, g_free);
}

static bool judge(const struct config *config, struct off_duty *self, struct utc now)
{
    struct fault *fault = &self->base.fault;
    if (user_find(config, self->user) == NULL) {
        self->base.status = 404;
        (void)config_unknown(config, &USER_KIND, self->user, fault);
        fault_within(fault, "name");
        return false;
    }
    self->base.status = 422;
    if (!utc_before(now, self->until)) {
        return fault_set(fault, "until", "has passed already; name an instant ahead");
    }
    if (!utc_before(self->from, self->until)) {
        return fault_set(fault, "until", "must be later than from");
    }
    if (utc_since(self->until, now).us > AHEAD_MAX.us) {
        return fault_set(fault, "until",
                         "is more than a year ahead; for good, take %s out of the schedules",
                         self->user);
    }
    self->base.status = 200;
    return true;
}

/* Who cannot be reached covers nothing. Names, borrowed. */
static GPtrArray *unreachable_users(const struct config *config)
{
    GPtrArray *names = g_ptr_array_new();
    const GPtrArray *users = config_items(config, &USER_KIND);
    for (guint i = 0; i < users->len; i++) {
        const struct user *user = g_ptr_array_index(users, i);
        if (user_reach(user) != REACH_GOOD) {
            g_ptr_array_add(names, user->name);
        }
    }
    return names;
}

static json_t *missed_json(const GArray *missed)
{
    json_t *list = json_array();
    for (guint i = 0; i < missed->len; i++) {
        const struct missed *one = &g_array_index(missed, struct missed, i);
        json_t *json = json_pack("{s:s}", "user", one->user);
        json_set_utc(json, "until", one->until);
        json_array_append_new(list, json);
    }
    return list;
}

static void take_cover(struct ledger_tx *tx, struct off_duty *self, const char *schedule,
                       const struct cover *cover)
{
    json_t *json = json_pack("{s:s}", "schedule", schedule);
    json_set_utc(json, "since", cover->since);
    json_set_utc(json, "until", cover->until);
    if (cover->override == NULL) {
        json_object_set_new(json, "away", missed_json(cover->missed));
        json_array_append_new(self->uncovered, json);
        return;
    }
    json_object_set_new(json, "who", json_string(cover->override->who));
    if (cover->override->layer != NULL) {
        json_object_set_new(json, "layer", json_string(cover->override->layer));
    }
    if (!self->dry_run) {
        g_free(cover->override->comment);
        cover->override->comment = self->comment != NULL
                                       ? g_strdup(self->comment)
                                       : g_strdup_printf("%s is off duty", self->user);
        int64_t id = override_write(tx, self->base.actor, schedule, cover->override);
        json_object_set_new(json, "id", json_sprintf("%" G_GINT64_FORMAT, id));
    }
    json_array_append_new(self->covers, json);
}

/* What follows another schedule sees who has taken over there. `config` is our own. */
static void put_in(struct schedule *schedule, const GPtrArray *covers)
{
    for (guint i = 0; i < covers->len; i++) {
        const struct cover *cover = g_ptr_array_index(covers, i);
        if (cover->override != NULL) {
            g_ptr_array_add(schedule->overrides, override_copy(cover->override));
        }
    }
}

/* Where shifts are looked for. `before`: the same from before they had them; NULL: all of them. */
struct searched {
    const struct config *config;
    const struct config *before;
    struct utc now;
};

static GPtrArray *propose(const struct searched *searched, const struct schedule *schedule,
                          const struct off_duty *self, struct others others)
{
    struct utc from = utc_later(searched->now, self->from);
    if (searched->before == NULL) {
        return cover_propose(schedule, self->user, others, from, self->until);
    }
    const struct schedule *before = schedule_find(searched->before, schedule->name);
    return cover_again(schedule, before, self->user, others, from, self->until);
}

/* Proposes for every schedule before anything is written: the limit is judged first. In step with the
 * schedules of `config`. */
static GPtrArray *propose_all(const struct searched *searched, const struct off_duty *self,
                              guint *out_count)
{
    const struct config *config = searched->config;
    const GPtrArray *schedules = config_items(config, &SCHEDULE_KIND);
    GPtrArray *all = g_ptr_array_new_full(schedules->len, (GDestroyNotify)g_ptr_array_unref);
    g_ptr_array_set_size(all, (gint)schedules->len);
    g_autoptr(GPtrArray) unreachable = unreachable_users(config);
    struct others others = {unreachable, config_items(config, &ABSENCE_KIND)};
    *out_count = 0;
    for (int are_followers = 0; are_followers <= 1; are_followers++) {
        for (guint i = 0; i < schedules->len; i++) {
            struct schedule *schedule = g_ptr_array_index(schedules, i);
            if ((schedule->primary != NULL) != (are_followers == 1)) {
                continue;
            }
            GPtrArray *covers = propose(searched, schedule, self, others);
            put_in(schedule, covers);
            *out_count += covers->len;
            all->pdata[i] = covers;
        }
    }
    return all;
}

static void take_covers(struct ledger_tx *tx, struct off_duty *self, const struct config *config,
                        const GPtrArray *proposed)
{
    self->covers = json_array();
    self->uncovered = json_array();
    for (guint i = 0; i < proposed->len; i++) {
        const struct schedule *schedule =
            g_ptr_array_index(config_items(config, &SCHEDULE_KIND), i);
        const GPtrArray *covers = g_ptr_array_index(proposed, i);
        for (guint k = 0; k < covers->len; k++) {
            take_cover(tx, self, schedule->name, g_ptr_array_index(covers, k));
        }
    }
}

void off_duty_cover_again(struct ledger_tx *tx, struct off_duty *off, const struct config *config,
                          const struct config *before)
{
    guint count = 0;
    struct searched searched = {.config = config, .before = before, .now = tx->now};
    g_autoptr(GPtrArray) proposed = propose_all(&searched, off, &count);
    take_covers(tx, off, config, proposed);
}

static bool names_user(const struct policy *policy, const char *user)
{
    bool is_named = policy->last_resort != NULL && g_strcmp0(policy->last_resort->user, user) == 0;
    for (guint i = 0; i < policy->steps->len; i++) {
        const struct step *step = g_ptr_array_index(policy->steps, i);
        for (guint k = 0; k < step->notify->len; k++) {
            const struct target *target = g_ptr_array_index(step->notify, k);
            is_named |= g_strcmp0(target->user, user) == 0;
        }
    }
    return is_named;
}

static void list_policies(struct off_duty *self, const struct config *config)
{
    const GPtrArray *policies = config_items(config, &POLICY_KIND);
    for (guint i = 0; policies != NULL && i < policies->len; i++) {
        const struct policy *policy = g_ptr_array_index(policies, i);
        if (names_user(policy, self->user)) {
            json_array_append_new(self->named_by, json_string(policy->name));
        }
    }
}

static const char *const OF_USER[] = {"user", NULL};
static const struct field TAKEN_FIELDS[] = {
    SHAPE_KIND("covers", FIELD_INT, FIELD_ALWAYS, "So many shifts others have."),
    SHAPE_KIND("uncovered", FIELD_INT, FIELD_ALWAYS, "So many nobody could take."),
    SHAPE_KIND("from", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("until", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("absence", FIELD_ALWAYS, "The name it is kept by."),
    SHAPE_TEXT("comment", 0, NULL),
};
static const struct record TAKEN =
    SHAPE("EventTakenOffDuty", "Somebody is off duty for a while.", TAKEN_FIELDS);

static const struct event_kind EVENT_USER_TAKEN_OFF_DUTY = {
    .name = "user.taken_off_duty", .subjects = OF_USER, .data = &TAKEN};

const struct event_kind *const OFF_DUTY_EVENTS[] = {&EVENT_USER_TAKEN_OFF_DUTY, NULL};

static void append_off_event(struct ledger_tx *tx, const struct off_duty *self)
{
    json_auto_t *data = json_pack("{s:I, s:I}", "covers", (json_int_t)json_array_size(self->covers),
                                  "uncovered", (json_int_t)json_array_size(self->uncovered));
    json_set_utc(data, "from", utc_later(tx->now, self->from));
    json_set_utc(data, "until", self->until);
    json_object_set_new(data, "absence", json_string(self->absence));
    if (self->comment != NULL) {
        json_object_set_new(data, "comment", json_string(self->comment));
    }
    event_append(tx, self->base.actor, &EVENT_USER_TAKEN_OFF_DUTY,
                 subject_named("user", self->user), data);
}

static enum command_result run_judged(struct ledger_tx *tx, struct off_duty *self,
                                      const struct config *config)
{
    guint count = 0;
    struct searched searched = {.config = config, .now = tx->now};
    g_autoptr(GPtrArray) proposed = propose_all(&searched, self, &count);
    if (count > COVERS_MAX) {
        (void)fault_set(&self->base.fault, "until",
                        "%s has %u shifts until then; at most %d are covered at once, so name an "
                        "earlier instant",
                        self->user, count, COVERS_MAX);
        return config_command_refuse(&self->base, 422);
    }
    self->named_by = json_array();
    take_covers(tx, self, config, proposed);
    list_policies(self, config);
    if (absence_keep(tx, self, utc_later(tx->now, self->from))) {
        append_off_event(tx, self);
        config_command_finish(tx, &self->base, config_load_version(tx->db) + 1);
    }
    return COMMAND_DONE;
}

enum command_result off_duty_run(struct ledger_tx *tx, void *arg)
{
    struct off_duty *self = arg;
    config_command_begin(&self->base);
    off_duty_clear(self);
    struct config *config = config_load(tx->db, &self->base.fault);
    if (config == NULL) {
        return config_command_refuse(&self->base, 503);
    }
    enum command_result result =
        judge(config, self, tx->now) ? run_judged(tx, self, config) : COMMAND_REFUSED;
    config_unref(config);
    return result;
}
