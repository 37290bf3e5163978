/* test/oracle/judge.h - who is on call at a tick of a walk: the written rule (docs/schedules.md) once
 * more, as simply as it can be said, and as slowly. */
#ifndef TEST_ORACLE_JUDGE_H
#define TEST_ORACLE_JUDGE_H

#include "plan.h"
#include "walk.h"

enum { JUDGED_MAX = 8, JUDGED_OVERRIDE = -1 };

struct judged {
    int people[JUDGED_MAX]; /* in order of their turns, each once */
    int count;
    int layer; /* index, or JUDGED_OVERRIDE */
};

struct judged judge_at(const struct plan *plan, const struct walk *walk, size_t tick);

/* The same of a schedule that has the plan's layers by next_of, and no overrides of its own. */
struct judged judge_next_at(const struct plan *plan, const struct walk *walk, size_t tick);

#endif
