/* channel/driver.h - one row per channel: how a message becomes a request, and what an answer means.
 * Private to channel/. Builders and classifiers are pure; channel/post.c does the sending. */
#ifndef CHANNEL_DRIVER_H
#define CHANNEL_DRIVER_H

#include <glib.h>
#include <jansson.h>

#include "channel/channel.h"

/* A request, ready to be sent. Owns its texts. */
struct parcel {
    const char *method; /* of HTTP; NULL: POST */
    char *url;
    GString *body;
    GPtrArray *headers; /* of char *, "Name: value" */
    char *mail_from;    /* e-mail: bare addresses of the envelope */
    char *mail_to;
    char *line; /* log: what is written */
};

struct parcel *parcel_new(void);
void parcel_free(struct parcel *parcel);
/* Line ends in `value` become spaces: a header is one line whatever the value. */
void parcel_header(struct parcel *parcel, const char *name, const char *value);
/* Sets the body and its Content-Type; takes over the reference. */
void parcel_json(struct parcel *parcel, json_t *body);

/* What the operator set, as far as builders need it. */
struct driver_settings {
    const char *mail_from; /* "Tocsin <tocsin@example.com>" */
    const char *smtp_url;
};

struct provider_answer {
    int status;       /* HTTP or SMTP */
    const char *body; /* the first bytes of an HTTP body, or the last SMTP line; ends in NUL */
    struct span retry_after; /* 0: not said */
    bool is_about_us; /* mail: of the greeting, the log-in or the sender, not of this recipient */
};

enum driver_flag {
    DRIVER_HTTP = 1,
    DRIVER_MAIL = 2,
    DRIVER_LOCAL = 4,  /* leaves no machine: delivered when written */
    DRIVER_SIGNED = 8, /* takes a secret to sign with */
    DRIVER_TOKEN = 16, /* takes a secret as access token */
};

/* NAME_DRIVER in channel/NAME.c, for each way in the list of people/meson.build. */
struct driver {
    int kind;       /* enum contact_kind */
    unsigned flags; /* of enum driver_flag */
    /* NULL and a fault when this address can never take the message. */
    struct parcel *(*build)(const struct driver_settings *settings, const struct address *address,
                            const struct message *message, struct fault *fault);
    void (*classify)(const struct provider_answer *answer, struct send_result *out);
};

/* NULL for a kind that is none. */
const struct driver *driver_of(int kind);

/* The mail server does not take us as we are set up: somebody has to change that. Long enough that the
 * next contact is told at once. */
#define MAIL_SETUP_RETRY SPAN_S(60)

/* By status alone: 2xx delivered; 408, 425, 429 and 5xx again; everything else refused. Says the
 * status, never the body. */
void classify_http(const struct provider_answer *answer, struct send_result *out);
/* 5xx: refused when it speaks of the recipient or the text; about us, it is tried again later, and other
 * ways are tried meanwhile. */
void classify_mail(const struct provider_answer *answer, struct send_result *out);

PRINTF_LIKE(2, 3)
void result_say(struct send_result *out, const char *format, ...);

#endif
