/* channel/post.h - the real sender: libcurl's multi interface for HTTP and SMTP alike, one thread. */
#ifndef CHANNEL_POST_H
#define CHANNEL_POST_H

#include "channel/channel.h"

struct post;

struct post_options {
    const char *smtp_url;      /* "smtp://mail.example.com:587", "smtps://…"; NULL: no mail */
    const char *smtp_hello;    /* our name in the greeting; NULL: from public_url */
    const char *smtp_user;     /* may be NULL */
    const char *smtp_password; /* may be NULL */
    /* STARTTLS with a certificate that holds, or nothing. So it is anyway where a password is sent to
     * another machine; else TLS is used when offered, and an odd certificate does not stop a page. */
    bool smtp_requires_tls;
    const char *mail_from; /* "Tocsin <tocsin@example.com>" */
    const char *ca_file;   /* PEM file of authorities to trust instead of the system's; or NULL */
    const char *allow_private; /* comma-separated CIDR list that outgoing requests may reach */
    const char *public_url;
    /* The `log` channel; called per notification, must not wait. False: nobody took the line. */
    bool (*log_line)(void *self, const char *line);
    void *log_self;
    /* Asked again when a message had to wait for its turn: is the delivery still wanted? NULL: always. */
    bool (*still_wanted)(void *self, int64_t delivery_id);
    void *still_wanted_self;
    /* What env:NAME or file:PATH stands for, newly allocated; NULL and a fault when there is no such thing. */
    char *(*look_up)(void *self, const char *reference, struct fault *fault);
    void *look_up_self;
    /* Limits of an attempt, in ms; 0: 10 s to connect, 60 s for all, 600 s for a mail. */
    long connect_ms, whole_ms;
    const struct clock *clock;
    const struct random *random;
};

NODISCARD struct post *post_create(const struct post_options *options, struct fault *fault);
void post_destroy(struct post **post);
struct sender post_sender(struct post *post);

/* Moves transfers on, calls what is done, waits at most `wait_ms` or until post_wake. */
void post_work(struct post *post, int wait_ms);
void post_wake(struct post *post); /* any thread */
size_t post_in_flight(const struct post *post);

#endif
