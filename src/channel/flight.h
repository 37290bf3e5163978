/* channel/flight.h - one message on its way: the transfer, and what its end means. Private to channel/.
 *
 * A flight is made by channel/post.c, started when its gate has room, and judged when curl says that
 * it is over. */
#ifndef CHANNEL_FLIGHT_H
#define CHANNEL_FLIGHT_H

#include <curl/curl.h>

#include "channel/driver.h"
#include "channel/ferry.h"
#include "channel/gate.h"
#include "http/guard.h"

struct flight_settings {
    struct guard guard;
    char *smtp_url;
    char *smtp_user;
    char *smtp_password;
    char *ca_file;
    bool smtp_requires_tls;
    long connect_ms, whole_ms;
    long greet_ms, mail_ms; /* of a mail: until it is known who we are, and all */
};

struct flight {
    const struct flight_settings *settings;
    const struct driver *driver;
    struct parcel *parcel;
    CURL *easy; /* NULL while it is not in the air */
    struct curl_slist *headers;
    struct curl_slist *recipients;
    struct guard_watch watch;
    struct gate *gate;   /* NULL: none */
    struct span entered; /* the gate */
    int64_t delivery_id;
    bool is_bare;        /* mail without TLS, after the offered TLS failed */
    bool is_past_sender; /* mail: the server took us and our sender; the rest is the recipient's */
    bool is_all_sent;    /* mail: every byte was handed to curl */
    size_t sent;
    size_t header_bytes;
    GString *answer;
    struct send_result result;
    send_done done;
    void *done_self;
};

void flight_start(struct flight *flight, CURLM *multi, struct ferry *ferry); /* a mail by ferry */
void flight_stop(struct flight *flight, CURLM *multi); /* harmless when it is not in the air */

/* Sets the result from how the transfer ended. Before flight_stop. */
void flight_judge(struct flight *flight, CURLcode code);

/* A mail server that offers TLS and cannot do it: where TLS is a wish only, the page goes without.
 * True: stop and start it again. */
bool flight_goes_bare(struct flight *flight, CURLcode code);

void flight_free(struct flight *flight); /* stopped */

#endif
