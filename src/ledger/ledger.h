/* ledger/ledger.h - one writer, one truth.
 *
 * Every change of state is a command: a function that reads, judges and writes inside the ledger's
 * transaction. Commands of many requests share one transaction and one fsync (group commit); only
 * after the commit is any of them answered. When a batch fails, it is rolled back and run again
 * without the command that failed, which is then tried alone: one bad command cannot spoil the
 * others. So a command may run more than once, and must set its results afresh each time.
 *
 * The ledger knows nothing about incidents. struct ledger is driven by calls, on one thread; the
 * thread and the queue in front of it are ledger/queue.h. The simulator drives struct ledger
 * directly. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/clock.h"
#include "base/random.h"
#include "db/db.h"
#include "ledger/lane.h"

struct ledger;

/* What a command works with. `now` is the batch's instant. */
struct ledger_tx {
    struct ledger *ledger;
    struct db *db;
    struct utc now;
    lane_set lanes;     /* what this node may work in this transaction */
    const char *client; /* see struct command; NULL while a duty runs */
};

/* What paging stands on: when the commands of one of these kinds fail again and again, the door is closed. */
enum ledger_vital {
    VITAL_CLAIM = 1, /* takes what is due to be sent */
    VITAL_PULSE,
    VITAL_COUNT,
};

enum command_result {
    COMMAND_DONE = 1, /* keep what was written */
    COMMAND_REFUSED, /* the rules said no; the command wrote nothing, and says why in its own arg */
};

enum command_outcome {
    OUTCOME_COMMITTED = 1, /* on stable storage */
    OUTCOME_REFUSED,       /* see above; other commands of the batch are committed */
    OUTCOME_UNAVAILABLE,   /* disk full, read-only, database down: nothing was kept, try later */
    OUTCOME_UNCERTAIN,     /* the commit's answer was lost: look up by key before answering */
    OUTCOME_FAILED,        /* our bug; logged */
};

struct command {
    enum command_result (*run)(struct ledger_tx *tx, void *arg); /* may run again: see above */
    /* Called once, after the commit, on the ledger's thread; must not block. May be NULL. */
    void (*answer)(void *arg, enum command_outcome outcome);
    void *arg;
    /* Brings new work from outside: refused with OUTCOME_UNAVAILABLE, without being run, while
     * ledger_is_writable is false. What finishes accepted work (paging, acknowledging) is not. */
    bool is_intake;
    /* Asks ahead (db_ask_ahead) what run will ask, so that a batch waits once for all of it. Writes
     * nothing. May be NULL. */
    void (*foresee)(struct ledger_tx *tx, void *arg);
    int vital; /* enum ledger_vital; 0: the work of one caller, who is told */
    /* The address that asks for it: goes into the events of it by people and tokens, as EVENT_CLIENT. NULL: none.
     * Lives until the answer. */
    const char *client;
};

/* Deadlines that are later need not be told by a duty: it is asked again before, at each tick. Whoever shares the work
 * would look through all that others have waiting, to find that none of it is theirs. UTC_NEVER: all of them. */
NODISCARD struct utc ledger_asked_until(const struct ledger_tx *tx);

/* A duty: work that becomes due by itself. Deadlines are indexed columns; the ledger asks each
 * duty when it is next due and runs it inside a transaction of its own kind of batch. */
struct ledger_duty {
    const char *name;
    /* The earliest deadline of this duty, or UTC_NEVER; those after ledger_asked_until may be left out. */
    struct utc (*next_at)(struct ledger_tx *tx, void *self);
    /* Does due work, at most `limit` subjects, most severe first; answers how many it did. */
    int (*run_due)(struct ledger_tx *tx, void *self, int limit);
    /* The wall clock jumped by `by`: move deadlines that are waits, leave those that are dates. */
    void (*clock_jumped)(struct ledger_tx *tx, void *self, struct span by); /* may be NULL */
    void *self;
    /* run_due failed on the one subject that a limit of 1 takes: moves its deadline by `by`, so that
     * it cannot stop the others. May be NULL: then all of the duty waits a second. */
    void (*put_off)(struct ledger_tx *tx, void *self, struct span by);
    /* That node (see ledger_node) is gone, in this transaction: what it had claimed is free again. May
     * be NULL. */
    void (*node_gone)(struct ledger_tx *tx, void *self, int64_t node);
};

/* Told after each commit that appended events; must not block. */
struct ledger_listener {
    void (*committed)(void *self, int64_t last_seq);
    void *self;
};

/* Told, inside a transaction and before anything else is done in it, that other nodes have written
 * since this one last looked: what is kept in memory may be old. May only read. Also told after a
 * commit whose outcome was not known. */
struct ledger_witness {
    void (*others_wrote)(struct ledger_tx *tx, void *self);
    void *self;
    /* Asks ahead (db_ask_ahead) what others_wrote will ask. May be NULL. */
    void (*foresee)(struct ledger_tx *tx, void *self);
};

/* The three stay the caller's and must outlive the ledger. */
NODISCARD struct ledger *ledger_create(struct db *db, const struct clock *clock,
                                       const struct random *random);
void ledger_destroy(struct ledger **ledger);

/* Both before the first batch only. */
void ledger_add_duty(struct ledger *ledger, struct ledger_duty duty);
void ledger_add_listener(struct ledger *ledger, struct ledger_listener listener);
void ledger_add_witness(struct ledger *ledger, struct ledger_witness witness);

/* Kinds of events (ledger/event.h), NULL at the end; before the first batch. A ledger that was given any appends no
 * other but its own. */
struct event_kind;
void ledger_add_events(struct ledger *ledger, const struct event_kind *const *kinds);

/* From now on `bytes` of the disk are kept in the database's own files (db_hold_room) for what pages people;
 * tries to have them now. Where they cannot be had the intake is closed, and what was accepted goes on. Before
 * the first batch. Without it a full disk stops paging as well. */
void ledger_keep_room(struct ledger *ledger, int64_t bytes);

/* What listeners keep in memory: a command that changes it says so, the listener that keeps it asks
 * (and so takes the mark away) and reads it again. */
enum ledger_stale { STALE_KEYS = 1, STALE_ACCOUNTS = 2 };

void ledger_mark_stale(struct ledger_tx *tx, enum ledger_stale what);
NODISCARD bool ledger_take_stale(struct ledger *ledger, enum ledger_stale what);

/* Which attempt at a transaction this is, from 1 on: what was kept for one is nothing to the next. */
NODISCARD int64_t ledger_attempt(const struct ledger_tx *tx);

/* For a command that needs random bytes. */
const struct random *ledger_random(const struct ledger_tx *tx);

/* Runs the commands in one transaction (see the head of this file), commits, answers each. */
void ledger_run_batch(struct ledger *ledger, const struct command *commands, size_t count);

/* Whoever came while the batch waited for its turn: puts at most `max` more commands into `out` and
 * answers how many. */
struct ledger_latecomers {
    size_t (*take)(void *self, struct command *out, size_t max);
    void *self;
};

/* The same for the first `count` of `commands`, which has room for `max`. On a shared database others are
 * let in when the turn has come: a turn is dear, and waiting for it may have taken a while. */
void ledger_run_queue(struct ledger *ledger, struct command *commands, size_t count, size_t max,
                      struct ledger_latecomers latecomers);

/* Runs what is due now, a bounded number of subjects per transaction, and answers when to come again
 * (UTC_NEVER: nothing is armed; not after now: there is more, but let waiting commands go first). Notices a jump of the wall clock (more than 2 s against the
 * elapsed clock), records an event clock.jumped and tells the duties. After a database failure
 * answers an instant one second ahead. */
NODISCARD struct utc ledger_tick(struct ledger *ledger);

/* Does what paging needs, in a transaction: asks every duty when it is due and, on a file of our own,
 * writes a row now and then. Answers COMMAND_DONE when it wrote. For a command of kind VITAL_PULSE. */
enum command_result ledger_pulse(struct ledger_tx *tx);
/* What a check of the whole file found (db_check): NULL for sound, which is the only way out of damage
 * that was met; else the door is closed. Heard at the next tick. Safe from any thread. */
void ledger_report_check(struct ledger *ledger, const char *damage);

/* --- one of several nodes (ledger/lane.h) --- */

/* Becomes a node of a shared database: a row of its own, then its share of the lanes at the next
 * ticks. Before the first batch. In a database with one writer: holds all lanes at once. `name` and
 * `address` are for people. False and a fault when the database cannot be written. */
NODISCARD bool ledger_join(struct ledger *ledger, const char *name, const char *address,
                           struct fault *fault);
/* There are no others: does not look by itself whether they wrote. For tests whose clock moves in
 * leaps. */
void ledger_be_alone(struct ledger *ledger);
/* Gives the lanes to the others at once; commands and settling go on. Then, when nothing is in flight
 * any more, ledger_end: this node is gone. On the ledger's thread (or before its start, after its
 * end). */
void ledger_leave(struct ledger *ledger);
void ledger_end(struct ledger *ledger);
/* While `is_idle`, as when nobody sends what this node claims: it gives its lanes and its claims to the others,
 * if any live, and joins anew afterwards. Takes and answers commands all the while. Safe from any thread. */
void ledger_set_idle(struct ledger *ledger, bool is_idle);
/* This node's id; 0 before ledger_join and in a database with one writer. A node that was counted as
 * dead joins anew under another. */
int64_t ledger_node(const struct ledger_tx *tx);
/* How many nodes live, as this one last saw; 1 in a database with one writer. Asks nothing. */
NODISCARD int ledger_nodes_alive(const struct ledger_tx *tx);
/* For a witness: is the connection a new one since it was last told? Then equal versions say nothing,
 * for the server may be another one, of which a little was lost. */
NODISCARD bool ledger_is_reconnected(const struct ledger_tx *tx);
/* The epoch in which this node holds that lane; 0 when it does not. With one writer always 1. */
int64_t ledger_lane_epoch(const struct ledger_tx *tx, int lane);
/* For people: how long that node's beat has stood still as far as this one saw (its own: since it
 * was written). False when nothing is known of it. Safe from any thread. */
NODISCARD bool ledger_beat_age(const struct ledger *ledger, int64_t node, struct span *out_age);

/* Is the database one that other nodes may share? Safe from any thread. */
NODISCARD bool ledger_is_shared(const struct ledger *ledger);

/* The clock that all nodes of a shared database have in common: the database's, carried on by the
 * elapsed clock between two transactions. In a database with one writer the clock that was given to
 * ledger_create. Safe from any thread; valid as long as the ledger. Everything that writes or judges
 * an instant that others will judge must use it. */
NODISCARD const struct clock *ledger_clock(const struct ledger *ledger);

/* False from a write that failed for want of space or reachability until a write works again and the
 * room kept for paging is back: intake answers 503 early. Safe from any thread. Probes by itself at each tick;
 * the event ledger.reopened tells the end. */
bool ledger_is_writable(const struct ledger *ledger);

/* Why it is not, for /readyz. Safe from any thread. */
enum ledger_door {
    LEDGER_OPEN = 1,
    LEDGER_FULL, /* no room but what is kept for paging, or none: disk full, read-only, over quota */
    LEDGER_DOWN,      /* the database cannot be reached */
    LEDGER_UNCERTAIN, /* a commit's answer was lost and the database did not say since */
    LEDGER_OUTDATED, /* the database was brought to a schema that this program does not work with */
    LEDGER_DAMAGED,  /* it is damaged, or what pages people fails again and again */
};

enum ledger_door ledger_door(const struct ledger *ledger);
/* For how long; 0 while it is. */
NODISCARD struct span ledger_closed_for(const struct ledger *ledger);
/* What the database said last, which may name its host but never a password; NULL while it is writable.
 * Not for everybody. Safe from any thread. Free with g_free. */
NODISCARD char *ledger_closed_why(const struct ledger *ledger);

/* On a shared database nothing can be done while it cannot be reached; a full disk of one's own is
 * different: what was accepted goes on with the room that is kept for it. Safe from any thread. */
NODISCARD bool ledger_is_cut_off(const struct ledger *ledger);

#endif
