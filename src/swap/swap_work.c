#include "swap/swap_work.h"

#include <string.h>

#include "base/json_set.h"
#include "config/config_check.h"
#include "config/config_command.h"
#include "ledger/parent.h"
#include "oncall/absence.h"
#include "oncall/cover.h"
#include "oncall/override_work.h"
#include "oncall/shift.h"
#include "paging/notice.h"
#include "people/user.h"
#include "swap/swap_store.h"

enum { SHIFTS_MAX = 1000 };

/* How far ahead the next shift of somebody who has none is looked for, to name it. */
#define NEXT_WITHIN SPAN_D(60)

/* --- what is written and told --- */

static void append(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                   const struct swap *swap)
{
    const struct subject parents[] = {subject_named("schedule", swap->schedule),
                                      subject_named("user", swap->asker),
                                      subject_named("user", swap->asked)};
    json_auto_t *data = record_write(&SWAP_RECORD, swap);
    event_append_below(tx, actor, kind, subject_of_id(SWAP_SUBJECT, swap->id), data,
                       (struct event_parents){parents, swap->asked != NULL ? 3 : 2});
}

static json_t *person(const char *user)
{
    g_autofree char *text = principal_text(PRINCIPAL_USER, user);
    return json_pack("{s:s}", "person", text);
}

static json_t *at(struct utc instant)
{
    return json_pack("{s:o}", "at", json_utc(instant));
}

static json_t *words_of(const struct swap *swap, const char *note)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, swap->id);
    json_t *words = json_pack("{s:s, s:s, s:o, s:o, s:o, s:s*}", "id", id, "schedule",
                              swap->schedule, "who", person(swap->asker), "from", at(swap->from),
                              "until", at(swap->until), "note", note);
    if (swap->asked != NULL) {
        json_object_set_new(words, "other", person(swap->asked));
    }
    if (utc_is_set(swap->back_from)) {
        json_object_set_new(words, "back_from", at(swap->back_from));
        json_object_set_new(words, "back_until", at(swap->back_until));
    }
    return words;
}

static bool tell(struct pager *pager, struct ledger_tx *tx, const char *user, const char *name,
                 const struct swap *swap, const char *note)
{
    json_auto_t *words = words_of(swap, note);
    const struct notice notice = {
        .name = name, .about = subject_of_id(SWAP_SUBJECT, swap->id), .args = words};
    return pager_tell(pager, tx, user, &notice);
}

/* --- who may take them --- */

/* Who is away then is not asked for it. */
static bool is_asked(const struct config *config, const struct swap *swap, const char *user)
{
    struct utc back_at;
    const struct user *found = user_find(config, user);
    return found != NULL && user_reach(found) == REACH_GOOD && strcmp(user, swap->asker) != 0 &&
           !absence_meets(config_items(config, &ABSENCE_KIND), user, swap->from, swap->until,
                          &back_at);
}

/* Each once; borrowed from the schedule. */
static GPtrArray *everybody(const struct config *config, const struct schedule *schedule,
                            const struct swap *swap)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; schedule != NULL && i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        for (guint k = 0; k < layer->people->len; k++) {
            char *name = g_ptr_array_index(layer->people, k);
            if (is_asked(config, swap, name) &&
                !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
                g_ptr_array_add(names, name);
            }
        }
    }
    return names;
}

/* How many were told. */
static guint ask_people(struct pager *pager, struct ledger_tx *tx, const struct config *config,
                        const struct swap *swap, const char *name)
{
    if (swap->asked != NULL) {
        return tell(pager, tx, swap->asked, name, swap, swap->comment) ? 1 : 0;
    }
    guint told = 0;
    g_autoptr(GPtrArray) names = everybody(config, schedule_find(config, swap->schedule), swap);
    for (guint i = 0; i < names->len; i++) {
        told += tell(pager, tx, g_ptr_array_index(names, i), name, swap, swap->comment) ? 1 : 0;
    }
    return told;
}

/* --- asking --- */

static bool know_people(const struct config *config, const struct swap *asked,
                        const struct schedule *schedule, struct fault *fault)
{
    if (schedule == NULL) {
        (void)config_unknown(config, &SCHEDULE_KIND, asked->schedule, fault);
        fault_within(fault, "schedule");
        return false;
    }
    const struct user *other = asked->asked != NULL ? user_find(config, asked->asked) : NULL;
    if (asked->asked != NULL && other == NULL) {
        (void)config_unknown(config, &USER_KIND, asked->asked, fault);
        fault_within(fault, "with");
        return false;
    }
    return other == NULL || user_reach(other) == REACH_GOOD ||
           fault_set(fault, "with", "%s cannot be told: %s", asked->asked,
                     reach_text(user_reach(other)));
}

static char *next_shift_text(const struct schedule *schedule, const char *user, struct utc after)
{
    g_autoptr(GArray) shifts = oncall_shifts(schedule, after, utc_add(after, NEXT_WITHIN));
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        if (strcmp(shift->user, user) == 0) {
            char from[UTC_TEXT_SIZE], until[UTC_TEXT_SIZE];
            utc_format(shift->since, from);
            utc_format(shift->until, until);
            return g_strdup_printf("; the next shift is from %s to %s", from, until);
        }
    }
    return g_strdup("");
}

/* Whose shifts, and by which field of the question they are named. */
struct swap_part {
    const char *user, *field;
    struct utc from, until;
};

static struct swap_part given_of(const struct swap *swap)
{
    return (struct swap_part){swap->asker, "from", swap->from, swap->until};
}

static struct swap_part return_of(const struct swap *swap, const char *other)
{
    return (struct swap_part){other, "back_from", swap->back_from, swap->back_until};
}

static GPtrArray *give(const struct schedule *schedule, struct swap_part part, const char *who,
                       struct utc now)
{
    return cover_give(schedule, part.user, who, utc_later(part.from, now), part.until);
}

static bool has_shifts(const struct schedule *schedule, struct swap_part part, struct utc now,
                       struct fault *fault)
{
    g_autoptr(GPtrArray) covers = give(schedule, part, "", now);
    if (covers->len > SHIFTS_MAX) {
        return fault_set(fault, part.field, "are %u shifts; at most %d change hands at once",
                         covers->len, SHIFTS_MAX);
    }
    if (covers->len > 0) {
        return true;
    }
    g_autofree char *next = next_shift_text(schedule, part.user, now);
    return fault_set(fault, part.field, "%s is not on call in %s then%s", part.user, schedule->name,
                     next);
}

static bool judge(const struct config *config, const struct swap *asked, struct utc now,
                  struct fault *fault)
{
    const struct schedule *schedule = schedule_find(config, asked->schedule);
    return know_people(config, asked, schedule, fault) && swap_check(asked, now, fault) &&
           has_shifts(schedule, given_of(asked), now, fault) &&
           (!utc_is_set(asked->back_from) ||
            has_shifts(schedule, return_of(asked, asked->asked), now, fault));
}

static struct swap copy_of(const struct swap *asked)
{
    return (struct swap){
        .schedule = g_strdup(asked->schedule),
        .asker = g_strdup(asked->asker),
        .asked = g_strdup(asked->asked),
        .from = asked->from,
        .until = asked->until,
        .back_from = asked->back_from,
        .back_until = asked->back_until,
        .comment = g_strdup(asked->comment),
    };
}

static enum command_result ask_judged(struct ledger_tx *tx, struct ask_swap *self,
                                      const struct config *config)
{
    struct swap *swap = &self->swap;
    *swap = copy_of(self->asked);
    swap_become(swap, SWAP_OPEN);
    swap->asked_at = tx->now;
    swap->next_at = swap_next_at(swap);
    swap_insert(tx->db, swap);
    append(tx, self->base.actor, &EVENT_SWAP_ASKED, swap);
    const char *name = utc_is_set(swap->back_from) ? "swap.asked_return" : "swap.asked";
    (void)ask_people(self->pager, tx, config, swap, name);
    self->base.status = 201;
    return COMMAND_DONE;
}

static bool is_anybody_there(const struct config *config, const struct swap *asked,
                             struct fault *fault)
{
    if (asked->asked != NULL) {
        return true;
    }
    g_autoptr(GPtrArray) names = everybody(config, schedule_find(config, asked->schedule), asked);
    return names->len > 0 ||
           fault_set(fault, "with",
                     "nobody else who takes turns in %s can be told and is there then; name "
                     "somebody",
                     asked->schedule);
}

void ask_swap_clear(void *arg)
{
    struct ask_swap *self = arg;
    swap_clear(&self->swap);
}

enum command_result ask_swap_run(struct ledger_tx *tx, void *arg)
{
    struct ask_swap *self = arg;
    config_command_begin(&self->base);
    ask_swap_clear(self);
    if (swap_find_same(tx->db, self->asked, &self->swap)) {
        self->base.status = 200;
        return COMMAND_DONE;
    }
    struct config *config = config_in(self->base.configs, tx);
    bool is_good = judge(config, self->asked, tx->now, &self->base.fault) &&
                   is_anybody_there(config, self->asked, &self->base.fault);
    enum command_result result =
        is_good ? ask_judged(tx, self, config) : config_command_refuse(&self->base, 422);
    config_unref(config);
    return result;
}

/* --- answering --- */

static bool refuse(struct answer_swap *self, int status, const char *field, const char *why)
{
    self->base.status = status;
    return fault_set(&self->base.fault, field, "%s", why);
}

/* Each says what only they can. */
static bool may_answer(struct answer_swap *self, const struct schedule *schedule, const char *who)
{
    const struct swap *swap = &self->swap;
    if (self->to == SWAP_WITHDRAWN) {
        return strcmp(who, swap->asker) == 0 ||
               refuse(self, 403, "user", "only who has asked can withdraw it");
    }
    if (swap->asked != NULL) {
        return strcmp(who, swap->asked) == 0 ||
               refuse(self, 403, "user", "somebody else was asked, and alone can answer");
    }
    if (self->to == SWAP_DECLINED) {
        return refuse(self, 409, "",
                      "nobody in particular was asked: who cannot take them leaves it to others");
    }
    return (strcmp(who, swap->asker) != 0 && schedule != NULL && schedule_has(schedule, who)) ||
           refuse(self, 403, "user",
                  "only somebody else who takes turns in the schedule can accept");
}

static bool is_open(struct answer_swap *self, struct utc now)
{
    const struct swap *swap = &self->swap;
    if (swap->state != SWAP_OPEN) {
        self->base.status = 409;
        return fault_set(&self->base.fault, "", "this swap is %s already",
                         enum_to_name(SWAP_STATE_NAMES, swap->state));
    }
    return self->to == SWAP_WITHDRAWN || !swap_is_late(swap, now) ||
           refuse(self, 409, "", "its time to be answered is over: put in an override instead");
}

static void write_covers(struct ledger_tx *tx, const struct answer_swap *self,
                         const GPtrArray *covers)
{
    for (guint i = 0; i < covers->len; i++) {
        const struct cover *cover = g_ptr_array_index(covers, i);
        g_free(cover->override->comment);
        cover->override->comment = g_strdup_printf("swap %" G_GINT64_FORMAT, self->swap.id);
        (void)override_write(tx, self->base.actor, self->swap.schedule, cover->override);
    }
}

/* Judged once more, for the schedule may have changed since. */
static bool change_hands(struct ledger_tx *tx, struct answer_swap *self,
                         const struct config *config, const char *who)
{
    const struct swap *swap = &self->swap;
    struct fault *fault = &self->base.fault;
    const struct schedule *schedule = schedule_find(config, swap->schedule);
    self->base.status = 409;
    if (schedule == NULL) {
        return fault_set(fault, "", "its schedule is no longer there");
    }
    bool has_return = utc_is_set(swap->back_from);
    if (!has_shifts(schedule, given_of(swap), tx->now, fault) ||
        (has_return && !has_shifts(schedule, return_of(swap, who), tx->now, fault))) {
        fault->field[0] = '\0'; /* of the question, not of the answer */
        return false;
    }
    g_autoptr(GPtrArray) there = give(schedule, given_of(swap), who, tx->now);
    write_covers(tx, self, there);
    if (has_return) {
        g_autoptr(GPtrArray) back = give(schedule, return_of(swap, who), swap->asker, tx->now);
        write_covers(tx, self, back);
    }
    return true;
}

static const struct event_kind *event_of(enum swap_state state)
{
    switch (state) {
    case SWAP_ACCEPTED:
        return &EVENT_SWAP_ACCEPTED;
    case SWAP_DECLINED:
        return &EVENT_SWAP_DECLINED;
    case SWAP_WITHDRAWN:
        return &EVENT_SWAP_WITHDRAWN;
    case SWAP_EXPIRED:
    case SWAP_OPEN:
        break;
    }
    return &EVENT_SWAP_EXPIRED;
}

static void close_it(struct ledger_tx *tx, struct principal actor, struct swap *swap,
                     enum swap_state state, const char *note)
{
    swap_become(swap, state);
    g_free(swap->answered_by);
    swap->answered_by = principal_text_of(actor);
    swap->answered_at = tx->now;
    swap->note = g_strdup(note);
    swap->next_at = (struct utc){0};
    swap_save(tx->db, swap);
    append(tx, actor, event_of(state), swap);
}

/* Who asked hears the answer; of a withdrawal whoever was asked does. */
static void tell_answer(struct ledger_tx *tx, const struct answer_swap *self,
                        const struct config *config)
{
    const struct swap *swap = &self->swap;
    if (self->to == SWAP_WITHDRAWN) {
        (void)ask_people(self->pager, tx, config, swap, "swap.withdrawn");
        return;
    }
    const char *name = self->to == SWAP_ACCEPTED ? "swap.accepted" : "swap.declined";
    (void)tell(self->pager, tx, swap->asker, name, swap, self->note);
}

static bool answer_judged(struct ledger_tx *tx, struct answer_swap *self,
                          const struct config *config, const char *who)
{
    struct swap *swap = &self->swap;
    if (!may_answer(self, schedule_find(config, swap->schedule), who) || !is_open(self, tx->now)) {
        return false;
    }
    int64_t version = config_load_version(tx->db) + 1;
    if (self->to == SWAP_ACCEPTED) {
        if (!change_hands(tx, self, config, who)) {
            return false;
        }
        g_free(swap->asked);
        swap->asked = g_strdup(who);
    }
    close_it(tx, self->base.actor, swap, self->to, self->note);
    tell_answer(tx, self, config);
    if (self->to == SWAP_ACCEPTED) {
        config_command_finish(tx, &self->base, version);
    }
    self->base.status = 200;
    return true;
}

/* Whoever sends it twice has said it once. */
static bool is_said(const struct answer_swap *self)
{
    g_autofree char *who = principal_text_of(self->base.actor);
    return self->swap.state == (int)self->to && g_strcmp0(self->swap.answered_by, who) == 0;
}

void answer_swap_clear(void *arg)
{
    struct answer_swap *self = arg;
    swap_clear(&self->swap);
}

enum command_result answer_swap_run(struct ledger_tx *tx, void *arg)
{
    struct answer_swap *self = arg;
    const struct principal actor = self->base.actor;
    config_command_begin(&self->base);
    answer_swap_clear(self);
    if (!swap_load(tx->db, self->id, &self->swap)) {
        (void)fault_set(&self->base.fault, "id", "there is no swap %" G_GINT64_FORMAT, self->id);
        return config_command_refuse(&self->base, 404);
    }
    if (is_said(self)) {
        self->base.status = 200;
        return COMMAND_DONE;
    }
    struct config *config = config_in(self->base.configs, tx);
    bool is_good = actor.kind == PRINCIPAL_USER
                       ? answer_judged(tx, self, config, actor.name)
                       : refuse(self, 422, "user", "is needed: who answers?");
    config_unref(config);
    return is_good ? COMMAND_DONE : config_command_refuse(&self->base, self->base.status);
}

/* --- what becomes due --- */

struct utc swap_next_due(struct ledger_tx *tx, void *self)
{
    (void)self;
    return lane_is_in(tx->lanes, LANE_HOUSE) ? swap_first_due(tx->db) : UTC_NEVER;
}

static void remind(struct ledger_tx *tx, struct pager *pager, const struct config *config,
                   struct swap *swap)
{
    swap->reminded_at = tx->now;
    swap->next_at = swap_next_at(swap);
    swap_save(tx->db, swap);
    append(tx, PRINCIPAL_TOCSIN, &EVENT_SWAP_REMINDED, swap);
    (void)ask_people(pager, tx, config, swap, "swap.reminded");
}

static void work(struct ledger_tx *tx, struct pager *pager, const struct config *config, int64_t id)
{
    struct swap swap = {0};
    if (!swap_load(tx->db, id, &swap)) {
        return;
    }
    if (swap_is_late(&swap, tx->now)) {
        close_it(tx, PRINCIPAL_TOCSIN, &swap, SWAP_EXPIRED, NULL);
        (void)tell(pager, tx, swap.asker, "swap.expired", &swap, NULL);
    } else {
        remind(tx, pager, config, &swap);
    }
    swap_clear(&swap);
}

int swap_run_due(struct ledger_tx *tx, void *self, int limit)
{
    int64_t ids[64];
    struct fault fault;
    size_t count = swap_due(tx->db, tx->now, ids, (size_t)CLAMP(limit, 1, (int)G_N_ELEMENTS(ids)));
    struct config *config = config_load(tx->db, &fault);
    for (size_t i = 0; config != NULL && i < count; i++) {
        work(tx, self, config, ids[i]);
    }
    config_unref(config);
    return (int)count;
}

void swap_put_off_due(struct ledger_tx *tx, void *self, struct span by)
{
    (void)self;
    swap_put_off(tx->db, tx->now, by);
}
