/* channel/channel.h - one message to one address by one channel. Knows nothing about alerts' rules:
 * it is handed a finished message and says how the attempt ended. */
#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

#include "base/clock.h"
#include "base/random.h"
#include "base/subject.h"
#include "people/user.h"

enum message_kind {
    MESSAGE_PAGE = 1,    /* one alert */
    MESSAGE_DIGEST,      /* several alerts in one message, with counts */
    MESSAGE_STILL_ON_IT, /* you acknowledged this a while ago: still on it? */
    MESSAGE_TEST,
    MESSAGE_GAP,    /* nobody will be on call between … */
    MESSAGE_ENDED,  /* alerts that the receiver was told of are over */
    MESSAGE_TAKEN,  /* somebody has or had each of them; only written over what told of them */
    MESSAGE_NOTICE, /* something that is no page: title and text say it */
};

/* A label as its sender wrote it, or a link with its name. */
struct message_pair {
    const char *name; /* of a link: NULL when it has none */
    const char *value;
};

struct message_item {
    struct subject subject;
    const char *summary;
    const char *description; /* may have several lines; may be NULL */
    const char *service;
    const char *component; /* may be NULL */
    const char *source;    /* may be NULL */
    int severity;
    int64_t count;                     /* how often it was reported; 0 and 1: once */
    struct utc since;                  /* by the sender's clock where it says */
    const struct message_pair *labels; /* those that matter */
    size_t label_count;
    const struct message_pair *links; /* http or https */
    size_t link_count;
    struct utc ended_at;         /* unset: it is not over */
    struct span lasted;          /* of what is over */
    const char *acknowledged_by; /* a name, of what is acknowledged or over; NULL: nobody did */
    const char *resolved_by;     /* a name, of what is over */
    const char *resolve_note;    /* what they said with it; may be NULL */
};

enum { MESSAGE_NAMES_MAX = 10 };

/* Who else, as people are called. */
struct message_names {
    const char *names[MESSAGE_NAMES_MAX];
    size_t count; /* of `names` */
    size_t more;  /* not named */
};

/* Everything borrowed for the length of the call. */
struct message {
    int kind;
    int language;
    const char *time_zone;
    const char *full_name;            /* of the receiver */
    int severity;                     /* the most severe of the items */
    int urgency;                      /* enum urgency */
    const struct message_item *items; /* at most 10 */
    size_t item_count;
    size_t total;          /* alerts that the message stands for, >= item_count */
    size_t by_severity[5]; /* counts, index = enum severity */
    const char *ack_url;   /* signed link; NULL: none */
    const char *alert_url; /* the alert's page; may be NULL */
    const char *reason;    /* why this person: one line, already in their language; may be NULL */
    const char *note;      /* what whoever asked for the page wants to say; may be NULL */
    const char *detail;    /* kind-specific: the gap's times, the test's sender */
    const char *title;     /* MESSAGE_NOTICE: what it says, in their language … */
    const char *text;
    const char *notice;        /* … and, for programs, which it is: "swap.asked" … */
    const char *about;         /* … of what: "swap:3" */
    struct message_names told; /* of one alert: who else was paged */
    struct message_names next; /* who is paged at `next_at` if nobody acknowledges */
    struct utc next_at;        /* unset: nothing comes by itself */
    int64_t delivery_id;
    const char *message_id; /* stable over retries: the receiver can recognise a repeat */
    const char
        *update_id; /* the provider's id of the message that this one takes the place of; or NULL */
    const char *installation; /* random letters of this database, for ids of threads; may be NULL */
    struct utc held_since;    /* since when we held it back for the noise it would make; or unset */
    bool may_repeat;          /* an earlier attempt may have arrived: say so */
    struct utc now;
};

struct address {
    int kind; /* enum contact_kind */
    const char *to;
    const char *secret; /* itself, or env:NAME or file:PATH for the sender to look up; NULL: none */
};

enum send_state {
    SEND_DELIVERED = 1, /* handed to the provider, who confirmed it */
    SEND_RETRY,         /* try again, not before retry_after */
    SEND_REFUSED,       /* permanent for this address: go to the next contact */
    SEND_UNKNOWN,       /* may or may not have arrived (time-out after sending) */
    SEND_CANCELLED,     /* not sent: it was no longer wanted when its turn came */
};

struct send_result {
    int state;
    struct span retry_after; /* SEND_RETRY: what the provider asked for; 0: it did not say */
    char provider_id[128];   /* "" when none */
    char detail[256];        /* the provider's words, for the record; no secrets */
};

typedef void (*send_done)(void *self, const struct send_result *result);

/* How the courier sends: the real one is channel/post.h; tests and the simulator bring their own. */
struct sender {
    /* Starts an attempt; `done` is called exactly once, later, on the courier's thread. */
    void (*send)(void *self, const struct address *address, const struct message *message,
                 send_done done, void *done_self);
    void *self;
};

#endif
