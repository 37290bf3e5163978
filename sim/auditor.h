/* sim/auditor.h - an independent accountant of who must be told, and when.
 *
 * It learns only what the outside can know (which signals were accepted, which acts were committed,
 * what reached the providers) plus the event log's page.started lines, and walks every policy by its
 * own arithmetic (sim/scene.h). It complains about
 *   lost        an accepted alert whose next person was not paged in time, or a page that no provider
 *               saw although the alert stayed open;
 *   wrong       a page or message to somebody whom the policy does not name at that instant;
 *   early       a step before its wait was over;
 *   after ack   a message that left after the acknowledgement was committed;
 *   end         of an alert told before it was over, twice, or to somebody who was not told of it;
 *   too many    more messages to one mailbox than the published bound. */
#ifndef SIM_AUDITOR_H
#define SIM_AUDITOR_H

#include "sim/scene.h"

struct auditor;

/* Where in time things are: waits run on the elapsed clock, schedules on the wall. */
struct moment {
    struct span elapsed;
    struct utc wall;
};

NODISCARD struct auditor *auditor_create(const struct scene *scene);
void auditor_destroy(struct auditor **auditor);

void auditor_accepted(struct auditor *auditor, int64_t alert_id, int service, int severity,
                      struct moment now);
void auditor_raised(struct auditor *auditor, int64_t alert_id, int severity, struct moment now);
/* It comes and goes: it is paged only when it stays open for five minutes. */
void auditor_flapping(struct auditor *auditor, int64_t alert_id, struct moment now);
void auditor_acknowledged(struct auditor *auditor, int64_t alert_id);
void auditor_resolved(struct auditor *auditor, int64_t alert_id);
/* The alert's paging started again from the first step (an acknowledgement expired). */
void auditor_reopened(struct auditor *auditor, int64_t alert_id, struct moment now);
/* The program says that the step's wait does not run, for a message is held, and ends at `until`. */
void auditor_held(struct auditor *auditor, int64_t alert_id, struct utc until, struct moment now);
/* Every way to one of the people failed. `then`: "next_step" comes at once, or "anybody" is told, or
 * "nothing" since others were told meanwhile. */
void auditor_unreachable(struct auditor *auditor, int64_t alert_id, const char *who,
                         const char *then, struct moment now);

/* A page.started of the event log. */
struct started_page {
    int64_t alert_id;
    const char *who;
    int step, round; /* from 0 */
    bool is_last_resort;
};

void auditor_page_started(struct auditor *auditor, const struct started_page *page,
                          struct moment now);
void auditor_page_moved(struct auditor *auditor, int64_t alert_id, const char *from,
                        struct moment now);

/* A provider was called: a message about these alerts leaves for that person. */
struct sent_message {
    const char *who;
    const char *mailbox; /* contact and urgency: what the bound on noise is for */
    bool is_page;        /* neither it nor is_end: a question or a test, only the bound applies */
    bool is_end;         /* the alerts are over */
    bool is_update;  /* written into a message that stands there already: as often as it takes */
    bool may_repeat; /* it says that it may have come before */
    const int64_t *alert_ids;
    size_t count;
    int severity;
    bool may_arrive;  /* the provider did not say no: it counts for the bound */
    bool is_refused;  /* it said no, for good */
    int64_t begun_us; /* on the elapsed clock: when a node had it to send, which may freeze then */
    bool is_late;     /* its node was frozen between its last look and now: cannot know better */
};

/* The program says that it does not know how an attempt ended; whoever watches the provider may not have
 * seen it begin. */
void auditor_attempt_unknown(struct auditor *auditor, int64_t alert_id, const char *who,
                             struct moment now);

/* False: it left after the acknowledgement, and is excused since it is_late. */
bool auditor_sent(struct auditor *auditor, const struct sent_message *sent, struct moment now);
/* An alert that was answered is not in the database any more. */
void auditor_gone(struct auditor *auditor, int64_t alert_id, struct moment now);
/* Time passed. `is_able`: the program runs and can write. */
void auditor_look(struct auditor *auditor, bool is_able, struct moment now);

/* For promises that others watch. */
PRINTF_LIKE(3, 4)
void auditor_complain(struct auditor *auditor, struct moment now, const char *format, ...);

NODISCARD size_t auditor_watched(const struct auditor *auditor);
/* The first complaint, or NULL. */
const char *auditor_complaint(const struct auditor *auditor);

#endif
