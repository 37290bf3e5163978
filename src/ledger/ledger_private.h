/* ledger/ledger_private.h - the inside of the ledger, for its own files and their tests. */
#ifndef LEDGER_LEDGER_PRIVATE_H
#define LEDGER_LEDGER_PRIVATE_H

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>

#include "ledger/cluster_clock.h"
#include "ledger/event.h"
#include "ledger/lane_store.h"

/* Bugs that a test plants to see itself fail (base/plant.h); only a build with tests has them. */
enum ledger_bug {
    LEDGER_BUG_ANSWERS_EARLY = 1, /* answers before the commit */
    LEDGER_BUG_NO_FENCE = 2, /* works the lanes it remembers, and never reads its own row again */
    LEDGER_BUG_EARLY_FENCE =
        4, /* reads its lanes when it looks, not in the transaction that writes */
    LEDGER_BUG_LOST_WAKE_UP = 8, /* a tick does not look by itself whether others wrote */
};

/* The end of the event chain as it is in the transaction under way. */
struct event_head {
    bool is_known; /* false: read it from the database first */
    int64_t seq;
    unsigned char hash[EVENT_HASH_SIZE];
};

struct duty_state {
    struct ledger_duty duty;
    struct utc next_at;      /* as it answered when all were asked */
    struct span quiet_until; /* elapsed time; after a failure */
    bool is_failing;         /* its last transaction failed: take one subject at a time */
    unsigned strikes;        /* failures in a row, of work that was not put off */
};

/* What is known of a shared database, and until when it was true. */
struct news {
    bool is_known;         /* false: whatever is remembered may be old */
    int64_t turn;          /* up to which everything is known … */
    uint64_t session;      /* … by this connection */
    bool is_reconnected;   /* which the witnesses were not told of yet */
    int64_t heard_seq;     /* of the last event that the listeners were told of */
    bool is_unheard;       /* others' events may have come that the listeners were not told of */
    bool is_fresh;         /* the transaction under way learnt news */
    struct span jumped_by; /* the transaction under way records a jump of the clock; else 0 */
    bool has_jump;         /* a look noticed one */
    bool is_doubtful;      /* a transaction failed by what it asked: is the schema another? */
};

/* What the other threads may read of the beats that were watched. */
struct beat_board {
    pthread_mutex_t mutex; /* guards all below */
    struct watched_node nodes[NODES_MAX];
    size_t node_count;
};

/* Why the door is closed, for the other threads. */
struct closed_why {
    pthread_mutex_t mutex; /* guards text */
    char text[FAULT_TEXT_SIZE];
};

/* Why paging cannot be relied on though the database answers. All but the report is the ledger's own
 * thread's. */
struct damage {
    bool is_known; /* it was met, or reported: until a check finds the file sound */
    struct span met_at;
    unsigned strikes[VITAL_COUNT]; /* failures in a row of the commands of that kind */
    pthread_mutex_t mutex;         /* guards all below */
    bool is_reported;
    char report[FAULT_TEXT_SIZE]; /* "": the file is sound */
};

/* The ledger as one of several nodes. All but the board is the ledger's own thread's. */
struct membership {
    char *name; /* NULL: has not joined, or has ended */
    char *address;
    int64_t id;
    enum node_state state; /* of its row as last read */
    bool is_leaving;
    atomic_bool is_idle; /* see ledger_set_idle */
    struct lane_hold hold;
    bool has_gained;       /* lanes, and the listeners do not know yet */
    int lanes_left;        /* that it held when it left */
    struct span beaten_at; /* elapsed time of its last committed beat */
    bool is_beating;       /* the transaction under way carries a beat … */
    bool is_pulsing;       /* … and a pulse */
    struct span pruned_at;
    bool has_pruned;
    struct lane_view view; /* as last read … */
    bool is_view_known;
    int64_t view_turn; /* … before this turn's successor */
    struct span viewed_at;
    int alive; /* nodes, by the last view; at first this one */
    struct lane_watch watch;
    bool
        has_failed; /* the last turn of this kind could not be worked: leave the duties out of it */
    struct beat_board board;
};

struct ledger {
    struct db *db;
    const struct clock *clock;   /* that everybody goes by: the machine's, or the cluster's */
    const struct clock *machine; /* whose elapsed clock is the same */
    const struct random *random;
    GArray *subscribers; /* of struct ledger_subscriber */
    bool judges_data;    /* see ledger_judge_events */
    int depth;           /* so many calls of event_append are under way, one inside the other */
    GHashTable *kinds;   /* of const struct event_kind by name; NULL: none were given */
    bool is_shared;
    bool is_alone;        /* see ledger_be_alone */
    int64_t schema_known; /* by this program */
    bool is_outdated;     /* the transaction under way found a schema that needs a newer one */
    struct cluster_clock cluster;
    struct news news;
    struct membership member;
    int64_t room; /* bytes, see ledger_keep_room; 0: none is kept */
    struct damage damage;
    struct span pulse_written; /* elapsed; 0: not yet */
    GArray *duties;            /* of struct duty_state */
    GArray *listeners;         /* of struct ledger_listener */
    GArray *witnesses;         /* of struct ledger_witness */
    struct event_head head;
    int64_t attempts;              /* at transactions: see ledger_attempt */
    struct event_head head_before; /* at the begin of the transaction */
    struct span begun_at;          /* elapsed time of the transaction under way */
    bool is_announced;             /* the transaction under way makes work for others */
    struct utc wall_seen;          /* both clocks as they were last read together */
    struct span elapsed_seen;
    bool is_clock_marked;                 /* both are kept for the next process, or cannot be */
    atomic_int_least64_t closed_since_us; /* elapsed time */
    atomic_int door;                      /* enum ledger_door */
    struct closed_why why;
    unsigned stale; /* of enum ledger_stale; survives a rollback, which only reads once too often */
    unsigned planted; /* of enum ledger_bug */
};

/* Asks ahead (db_ask_ahead) where the chain ends, and reads it. */
/* ledger_events.c */
extern const struct event_kind EVENT_LEDGER_REOPENED, EVENT_CLOCK_JUMPED, EVENT_NODE_JOINED,
    EVENT_NODE_LEFT, EVENT_NODE_LOST;

void event_ask_head(struct db *db);
void event_load_head(struct db *db, struct event_head *head);

/* One transaction of the ledger; on a shared database it waits for its turn and reads what others
 * changed (see news.c), and then db_error may tell that it failed already. ledger_finish commits and
 * tells the listeners; when the commit fails it undoes everything, closes the intake if the database
 * is the reason, and logs. DB_CONFLICT: nothing was kept, run it again. DB_UNCERTAIN: the database was
 * asked and could not say. */
NODISCARD struct ledger_tx ledger_begin(struct ledger *ledger, struct utc now);
NODISCARD enum db_status ledger_finish(struct ledger *ledger, const char *what);
void ledger_abort(struct ledger *ledger, const char *what);
/* A turn of its own for what happens at the begin of each one, or is carried along. */
NODISCARD enum db_status ledger_touch(struct ledger *ledger, const char *what);
/* Tells the listeners that there may be work, though no event says so. */
void ledger_tell(struct ledger *ledger);
/* Ends one in which there was nothing to do. */
void ledger_drop(struct ledger *ledger, const char *what);

/* A transaction that only reads, and takes no turn. Ended by ledger_end_look: true when it could be
 * read; then the listeners are told what is new. */
NODISCARD struct ledger_tx ledger_look(struct ledger *ledger, struct utc now);
NODISCARD bool ledger_end_look(struct ledger *ledger);

/* Intake is refused from now on. */
void ledger_close_door(struct ledger *ledger, enum ledger_door door, const char *why);

/* See ledger_keep_room; between transactions. */
NODISCARD bool ledger_hold_room(struct ledger *ledger);
/* What is done behind each batch and tick: room is kept, or the intake closed; the log is moved. */
void ledger_tidy(struct ledger *ledger);

/* Looks whether the wall clock jumped and, if so, records it and tells the duties. False when that
 * could not be written: then no deadline may be judged and no new one made. On a shared database the
 * begin of each transaction does this instead: true. */
NODISCARD bool ledger_notice_clock(struct ledger *ledger);
/* What the last process of this boot saw, so that a jump while nobody looked is noticed; else now. */
void ledger_see_clocks(struct ledger *ledger);
/* Writes the jump and tells the duties, in the transaction. */
void ledger_tell_jump(struct ledger_tx *tx, struct span by);
void ledger_log_jump(struct span by);

/* Of a door that is closed already: better words for the same reason. */
void ledger_publish_why(struct ledger *ledger, const char *text);

/* --- ledger_damage.c --- */

/* A transaction met damage. */
void damage_met(struct ledger *ledger, const char *why);
/* Work that paging needs failed, and was not put off: after some times in a row the door is closed. */
void damage_strike(struct ledger *ledger, unsigned *strikes, const char *what,
                   enum db_status status);
/* A command was decided; `vital` is 0 or of enum ledger_vital. */
void damage_judge(struct ledger *ledger, int vital, enum command_outcome outcome);
/* Takes note of what a check reported. */
void damage_hear(struct ledger *ledger);
/* May the door be opened as far as damage goes? */
NODISCARD bool damage_is_over(struct ledger *ledger);

/* --- pulse_store.c --- */

/* How often it is written: each time costs a quiet ledger of its own a sync of the disk. */
#define PULSE_WRITTEN_EVERY SPAN_S(30)

void pulse_save(struct db *db, struct utc at, int64_t seq);

/* The last event that a pulse saw; 0: none, or a schema from before there were pulses. */
NODISCARD int64_t pulse_seq(struct db *db);

/* --- news.c: a shared database --- */

/* After db_begin or db_begin_read (which began not before `before`): learns the clock and what others
 * wrote, tells the witnesses, records a jump of the clock; fills the rest of the tx. */
void news_learn(struct ledger_tx *tx, struct span before, bool is_reading);
/* The transaction was committed; forgets when it was not (or not for sure). */
void news_committed(struct ledger *ledger);
void news_forget(struct ledger *ledger);
/* After a commit that answered DB_UNCERTAIN: DB_OK kept, DB_CONFLICT not kept, DB_UNCERTAIN. */
NODISCARD enum db_status news_resolve(struct ledger *ledger);
/* A look noticed a jump that nobody has recorded: no deadline may be judged before that. */
NODISCARD bool news_has_jump(const struct ledger *ledger);

/* --- node_work.c: one of several nodes --- */

void node_init(struct ledger *ledger);
void node_clear(struct ledger *ledger);
/* Own rows as they were read in this transaction. */
void node_learn(struct ledger *ledger, const struct own_rows *rows, bool is_reading);
/* Outside of a transaction: tells the listeners when lanes came to this node. */
void node_tell_gain(struct ledger *ledger);
/* Carries a beat along in a transaction that is about to be committed. */
void node_carry_beat(struct ledger *ledger);
/* That transaction was committed. */
void node_beaten(struct ledger *ledger);
/* In a look: watches the others. */
void node_watch(struct ledger_tx *tx);
/* After a look: what this node must do as such (join anew, bury the dead, take and give lanes, beat),
 * in a turn of its own. */
void node_work(struct ledger *ledger);

#endif
