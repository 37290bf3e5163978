/* sim/scene.h - a made-up organisation: people, schedules, policies, services.
 *
 * It is kept twice on purpose: as plain numbers, from which the auditor computes by itself whom it
 * expects to be told; and as a configuration document, which the real program is given. The rules for
 * who is on call are written here once more, simply, for clocks without summer time (those have an
 * oracle of their own, test/oracle). */
#ifndef SIM_SCENE_H
#define SIM_SCENE_H

#include <jansson.h>

#include "sim/chance.h"

enum {
    SCENE_PEOPLE = 8,
    SCENE_LAYERS = 2,
    SCENE_SCHEDULES = 3,
    SCENE_STEPS = 3,
    SCENE_SERVICES = 4,
    SCENE_CONTACTS = 3
};

struct scene_person {
    char name[16];
    int contacts;       /* 1 … 3 */
    int second_after_s; /* when the second contact is used */
    int hears_percent;  /* of messages that wake this person */
    int slow_s;         /* how long an answer takes at most */
};

struct scene_layer {
    int people[SCENE_PEOPLE];
    int people_count;
    int64_t turn_s;  /* hours, days or weeks, all elapsed: the zone is UTC */
    int64_t start_s; /* since the epoch */
    int from_hour;   /* daily window in UTC; from == to: always */
    int to_hour;
};

struct scene_schedule {
    struct scene_layer layers[SCENE_LAYERS];
    int layer_count;
};

enum scene_target_kind { SCENE_USER = 1, SCENE_SCHEDULE, SCENE_TEAM };

struct scene_target {
    int kind;
    int index; /* person or schedule; a team is everybody of even index */
};

struct scene_step {
    struct scene_target targets[2];
    int target_count;
    int64_t wait_s;
};

/* Each service has a policy of its own. */
struct scene_service {
    struct scene_step steps[SCENE_STEPS];
    int step_count;
    int repeat;
    int last_resort;               /* person */
    int64_t acknowledge_expires_s; /* 0: never */
};

struct scene {
    struct scene_person people[SCENE_PEOPLE];
    int people_count;
    struct scene_schedule schedules[SCENE_SCHEDULES];
    int schedule_count;
    struct scene_service services[SCENE_SERVICES];
    int service_count;
};

/* `start_s`: when the simulation begins, seconds since the epoch. */
void scene_make(struct scene *scene, struct chance *chance, int64_t start_s);
/* The same for `tocsin apply`. New reference. */
NODISCARD json_t *scene_document(const struct scene *scene);

/* Sets of people as bits. */
NODISCARD unsigned scene_on_call(const struct scene_schedule *schedule, int64_t at_s);
/* By any of its schedules. */
NODISCARD bool scene_is_on_call(const struct scene *scene, int person, int64_t at_s);
NODISCARD unsigned scene_targets(const struct scene *scene, const struct scene_step *step,
                                 int64_t at_s);
/* -1 when no such name. */
NODISCARD int scene_person_named(const struct scene *scene, const char *name);

#endif
