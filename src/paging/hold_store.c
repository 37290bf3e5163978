/* While we hold a message back, the wait of the step that sent it does not run; part of
 * paging/page_store.h. */
#include <string.h>

#include "alert/alert_events.h"
#include "base/principal.h"
#include "paging/mail_store.h"
#include "paging/page_store.h"
#include "paging/topic_store.h"

/* The statement of escalation_begin_waits is longer than the least that a compiler must take. */
#pragma GCC diagnostic ignored "-Woverlength-strings"

/* Page `x` belongs to this episode: those of one that was acknowledged, snoozed or resolved have ended, and so has
 * what took the place of a superseded one. */
#define IS_OF_EPISODE(x)                                                              \
    "(" x ".state = {page.active} OR (" x                                             \
    ".state = {page.superseded} AND NOT EXISTS (SELECT 1 FROM page s"                 \
    " WHERE " SAME_SUBJECT("s", x) " AND s.user_name = " x ".user_name AND s.id > " x \
                                   ".id AND s.state = {page.ended})))"

/* A notification o of the alert to a receiver of page p's step, made in this episode. */
#define STEP_HAS(attempt)                                                                \
    "EXISTS (SELECT 1 FROM page q JOIN notification o ON " SAME_SUBJECT(                 \
        "o", "q") " JOIN mailbox b ON b.id = o.mailbox_id AND b.user_name = q.user_name" \
                  " JOIN page r ON r.id = o.page_id"                                     \
                  " WHERE " IS_OF_EPISODE("r") " AND " IS_OF_EPISODE(                    \
                      "q") " AND q.subject_id = p.subject_id AND q.escalation_id = "     \
                           "p.escalation_id AND q.step = "                               \
                           "p.step"                                                      \
                           " AND q.round = p.round AND o.kind = {message.page} AND " attempt ")"

#define IS_ROOM(of) SQL_IS_ROOM(of ".user_name")
#define IS_PERSON(of) SQL_IS_PERSON(of ".user_name")

/* An attempt was made, whoever it was to and however it went. */
#define IS_SOMEBODY_TRIED(but) STEP_HAS("o.tries > 0" but)

/* A person was told, or may have been: it is under way, or nobody knows how it ended. A room answers to nobody. */
#define IS_SOMEBODY_REACHED(but)                                                                 \
    STEP_HAS(IS_PERSON(                                                                          \
        "q") " AND (o.state = {notification.delivered} OR (o.state = {notification.sending}" but \
             ") OR EXISTS ("                                                                     \
             "SELECT 1 FROM carried k JOIN delivery x"                                           \
             " ON x.id = k.delivery_id WHERE k.notification_id = o.id"                           \
             " AND x.state = {delivery.unknown}))")

enum { HELD_MAILBOXES_MAX = 8 };

#define HELD_COLUMNS                                            \
    "m.id, m.severity, n.passes, m.next_at, n.due_at, n.tries," \
    " CASE WHEN " IS_ROOM("m") " THEN 1 ELSE 0 END"
#define ROOMS_LAST " ORDER BY 7, m.next_at"
/* Notification n waits in mailbox m, and that is our doing: for the end of quiet hours (its due_at is ahead before it
 * was tried), or, due and `late` by now, for the bound. A mailbox that nobody counts on holds nothing back: what it
 * cannot deliver is no reason to wait. One failure is none yet. What waits for an attempt under way to the same
 * address is held until that is over, or slow. */
#define IS_HELD(n, m, late)                                                                \
    n ".state = {notification.waiting} AND " m ".refused = 0 AND ((" n ".tries = 0 AND " n \
      ".due_at > $1) OR (" n ".due_at <= $1 AND " late " AND " m ".failures < $3 AND " m   \
      ".slow = 0))"
/* It will go, or could have gone a moment ago. */
#define IS_TO_GO "m.next_at >= $2"

static void bind_held(struct db_query *q, struct utc since, struct utc now)
{
    db_bind_utc(q, 1, now);
    db_bind_utc(q, 2, since);
    db_bind_int(q, 3, MAILBOX_FAILS);
}

/* A mailbox in which a message waits. */
struct held_mailbox {
    int64_t id;
    int severity; /* most severe that waits there: what holds that holds all of it */
    bool passes;  /* the message goes past the bound */
    struct utc next_at;
    struct utc due_at; /* of the message */
    bool is_tried;     /* the message was, and that failed */
    bool is_room;
};

/* Only looked at when it is due does a mailbox know until when it is held, and each new alert makes it due:
 * the bound itself says. */
static struct utc goes_at(struct db *db, const struct held_mailbox *mailbox, struct utc now)
{
    struct sent recent[DELIVERY_RECENT_MAX];
    if (utc_before(now, mailbox->due_at)) {
        return mailbox->due_at;
    }
    if (mailbox->passes || utc_before(now, mailbox->next_at)) {
        return utc_later(now, mailbox->next_at);
    }
    size_t count = delivery_recent(db, mailbox->id, now, recent, G_N_ELEMENTS(recent));
    return throttle_judge(recent, count, mailbox->severity, now);
}

/* Of the mailboxes that the query answers: when the first message goes; to a room only where none to a person
 * waits. What is tried again just now is not held. Unset: there is none. */
static struct utc first_goes_at(struct db *db, struct db_query *q, struct utc now)
{
    struct held_mailbox held[HELD_MAILBOXES_MAX];
    size_t count = 0;
    while (count < G_N_ELEMENTS(held) && db_step(q) == DB_ROW) {
        held[count++] =
            (struct held_mailbox){db_int(q, 0), (int)db_int(q, 1), db_int(q, 2) != 0, db_utc(q, 3),
                                  db_utc(q, 4), db_int(q, 5) != 0, db_int(q, 6) != 0};
    }
    db_reset(q);
    struct utc first = UTC_NEVER;
    bool is_any = false;
    for (size_t i = 0; i < count && !(is_any && held[i].is_room); i++) {
        struct utc at = goes_at(db, &held[i], now);
        if (!held[i].is_tried || utc_before(now, at)) {
            first = utc_earlier(first, at);
            is_any = true;
        }
    }
    return is_any ? first : (struct utc){0};
}

struct utc escalation_held_until(struct db *db, const struct escalation *e, struct utc due_since,
                                 struct utc now)
{
    if (e->state != ESCALATION_ACTIVE || e->step == 0 || e->wait.us <= 0) {
        return (struct utc){0};
    }
    struct db_query *q = paging_query(
        db,
        "SELECT " HELD_COLUMNS " FROM page p JOIN notification n ON " SAME_SUBJECT(
            "n",
            "p") " JOIN mailbox m ON m.id = n.mailbox_id AND m.user_name = p.user_name"
                 " WHERE n.kind = {message.page} AND " IS_HELD("n", "m", IS_TO_GO) " AND " IS_ABOUT(
                     "p.", "$4",
                     "$8") " AND p.escalation_id = $5 AND p.step = $6 AND p.round = $7 AND p.state "
                           "= {page.active}"
                           /* What was sent as less urgent, before it got worse, holds nothing. */
                           " AND m.urgency <= (SELECT e.urgency FROM escalation e WHERE e.id = $5)"
                           " AND NOT " IS_SOMEBODY_REACHED("") " AND (" IS_PERSON(
                               "p") " OR NOT " IS_SOMEBODY_TRIED("") ")" ROOMS_LAST);
    bind_held(q, due_since, now);
    bind_subject(q, 4, 8, e->subject);
    db_bind_int(q, 5, e->id);
    db_bind_int(q, 6, e->step - 1);
    db_bind_int(q, 7, e->round);
    db_keep(q, 0);
    struct utc at = first_goes_at(db, q, now);
    return utc_is_set(at) ? utc_add(at, e->wait) : at;
}

struct utc question_held_until(struct db *db, struct subject subject, struct utc due_since,
                               struct utc now)
{
    struct db_query *q = paging_query(
        db, "SELECT " HELD_COLUMNS " FROM notification n JOIN mailbox m ON m.id = n.mailbox_id"
            " WHERE n.kind = {message.still_on_it} AND " IS_HELD(
                "n", "m", IS_TO_GO) " AND " IS_ABOUT("n.", "$4", "$5") ROOMS_LAST);
    bind_held(q, due_since, now);
    bind_subject(q, 4, 5, subject);
    return first_goes_at(db, q, now);
}

void questions_begin_waits(struct db *db, int64_t delivery_id, struct utc until)
{
    struct db_query *q = paging_query(
        db,
        "UPDATE escalation SET next_at = $1 WHERE state = {escalation.asked} AND next_is_date = 0"
        " AND id IN (SELECT e.id FROM carried c JOIN notification n ON n.id = c.notification_id"
        " JOIN escalation e ON " SAME_SUBJECT(
            "e",
            "n") " WHERE c.delivery_id = $2 AND n.kind = {message.still_on_it} AND n.tries = 1)");
    db_bind_utc(q, 1, until);
    db_bind_int(q, 2, delivery_id);
    (void)db_run(q);
}

/* Of page p's step, which escalation e told last, a message w to a person waits in mailbox v. */
#define A_PERSONS_WAITS(so)                                                                       \
    "EXISTS (SELECT 1 FROM page h JOIN notification w ON " SAME_SUBJECT(                          \
        "w", "h") " JOIN mailbox v ON v.id = w.mailbox_id AND v.user_name = h.user_name"          \
                  " AND v.urgency <= e.urgency"                                                   \
                  " WHERE h.subject_id = p.subject_id AND h.escalation_id = p.escalation_id AND " \
                  "h.step = p.step"                                                               \
                  " AND h.round = p.round AND h.state = {page.active} AND " IS_PERSON(            \
                      "h") " AND w.kind = {message.page} AND " so ")"
#define IS_PERSON_HELD A_PERSONS_WAITS(IS_HELD("w", "v", "w.due_at < $2"))
/* Also in a mailbox that nobody counts on. */
#define IS_PERSON_UNTRIED \
    A_PERSONS_WAITS("w.state = {notification.waiting} AND w.tries = 0 AND w.due_at < $2")
#define IN_OTHERS " AND o.id NOT IN (SELECT notification_id FROM carried WHERE delivery_id = $4)"
#define IN_OTHERS_OR_BEFORE                                                 \
    " AND (o.tries > 1 OR o.id NOT IN (SELECT notification_id FROM carried" \
    " WHERE delivery_id = $4))"

void escalation_begin_waits(struct db *db, int64_t delivery_id, struct utc held_since,
                            struct utc at)
{
    /* The message may have been made for an earlier step: it says the same of the alert. To a person: it was held
     * itself, or goes by another way, or to another, than what is. Else only the very first attempt counts, where
     * it or another waited. */
    struct db_query *q = paging_query(
        db,
        "UPDATE escalation SET next_at = $1 + wait_us WHERE state = {escalation.active}"
        " AND next_is_date = 0 AND wait_us > 0 AND id IN (SELECT e.id"
        " FROM carried c JOIN delivery d ON d.id = c.delivery_id"
        " JOIN notification n ON n.id = c.notification_id"
        " JOIN mailbox m ON m.id = n.mailbox_id"
        " JOIN page p ON " SAME_SUBJECT(
            "p", "n") " AND p.user_name = d.user_name"
                      " JOIN escalation e ON e.id = p.escalation_id AND e.step = p.step + 1"
                      " AND e.round = p.round WHERE c.delivery_id = $4 AND n.kind = {message.page}"
                      " AND NOT " IS_SOMEBODY_REACHED(IN_OTHERS) " AND ((" IS_PERSON(
                          "p") " AND (" IS_PERSON_HELD " OR (n.due_at < $2 AND m.failures < $3)))"
                               " OR ((n.due_at < $2 OR (" IS_PERSON(
                                   "p") " AND " IS_PERSON_UNTRIED ")) AND NOT " IS_PERSON_HELD
                                        " AND NOT " IS_SOMEBODY_TRIED(IN_OTHERS_OR_BEFORE) ")))");
    bind_held(q, held_since, at);
    db_bind_int(q, 4, delivery_id);
    (void)db_run(q);
}

void escalation_wait_anew(struct db *db, const struct page *page, struct utc now)
{
    struct db_query *q = paging_query(
        db,
        "UPDATE escalation SET next_at = $1 + wait_us WHERE id = $2 AND state = {escalation.active}"
        " AND next_is_date = 0 AND wait_us > 0 AND step = $3 AND round = $4"
        " AND NOT EXISTS (SELECT 1 FROM page p WHERE p.id = $5 AND " IS_SOMEBODY_REACHED("") ")");
    db_bind_utc(q, 1, now);
    db_bind_int(q, 2, page->escalation_id);
    db_bind_int(q, 3, page->step + 1);
    db_bind_int(q, 4, page->round);
    db_bind_int(q, 5, page->id);
    (void)db_run(q);
}

char *silence_held_by(struct db *db, struct subject subject, const struct topic_events *events)
{
    g_autofree char *text = subject_text(subject);
    struct db_query *q =
        paging_query(db, "SELECT kind, data FROM event WHERE subject = $1 AND kind IN"
                         " ($2, $3, $4, $5) ORDER BY seq DESC LIMIT 1");
    db_bind_text(q, 1, text);
    db_bind_text(q, 2, events->silenced->name);
    db_bind_text(q, 3, events->snoozed->name);
    db_bind_text(q, 4, events->acknowledged->name);
    db_bind_text(q, 5, events->reopened->name);
    bool is_silenced = db_step(q) == DB_ROW && strcmp(db_text(q, 0), events->silenced->name) == 0;
    char *data = is_silenced ? g_strdup(db_text(q, 1)) : NULL;
    db_reset(q);
    return data;
}
