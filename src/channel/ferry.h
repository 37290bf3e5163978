/* channel/ferry.h - mails on their way, each on a thread of its own. Private to channel/.
 *
 * libcurl waits for a mail server's last answer inside the call that moves all transfers on: one server
 * that takes its time over the final dot would hold up every channel. */
#ifndef CHANNEL_FERRY_H
#define CHANNEL_FERRY_H

#include <curl/curl.h>

struct ferry;
struct flight;

/* `multi` is woken when somebody is back. */
struct ferry *ferry_create(CURLM *multi);
/* Breaks off what is still out, waits for it (a second), and forgets it. */
void ferry_destroy(struct ferry **ferry);

/* Performs flight->easy. The flight is not to be touched until it is home. */
void ferry_launch(struct ferry *ferry, struct flight *flight);

/* Somebody who is back, and how it went; NULL: nobody. */
struct flight *ferry_home(struct ferry *ferry, CURLcode *out_code);

#endif
