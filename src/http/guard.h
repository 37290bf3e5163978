/* http/guard.h - may we connect to this address?
 *
 * Outgoing requests go where people say (webhooks, chats), so they must not become a way into our
 * own network. Judged is the very address that the socket is about to connect to, after the name was
 * resolved: a name that changes its mind gains nothing. Loopback, link-local, private, shared
 * (CGNAT), multicast, documentation and other special addresses are refused unless the operator
 * listed them; so are IPv6 addresses that carry such an IPv4 address (mapped, translated, 6to4,
 * Teredo, ISATAP). Cloud metadata addresses must be listed one by one: a wide listing does not open
 * them. Sources: the IANA special-purpose address registries (RFC 6890), RFC 6052, 3056, 4380. */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fault.h"

/* An allowed block. IPv4 blocks are kept in mapped form. */
struct guard_block {
    unsigned char bytes[16];
    unsigned bits; /* of 128 */
};

enum { GUARD_BLOCKS_MAX = 64, GUARD_REASON_SIZE = 160 };

struct guard {
    struct guard_block blocks[GUARD_BLOCKS_MAX];
    size_t block_count;
};

/* Reads "127.0.0.0/8, ::1, fd00::/8"; NULL or "" allows nothing. A block must be written by its first
 * address. The fault names the setting. */
NODISCARD bool guard_read(const char *list, struct guard *out, struct fault *fault);
/* The same for a list of another setting: `called` is its name. */
NODISCARD bool guard_read_as(const char *called, const char *list, struct guard *out,
                             struct fault *fault);
/* Is this address, as text, in one of the blocks? */
NODISCARD bool guard_lists(const struct guard *guard, const char *address);
/* An address in its usual form; an IPv4 address in IPv6 form as IPv4. False: it is none. */
NODISCARD bool address_write(const char *text, char out[INET6_ADDRSTRLEN]);

/* What of an address, as text, stands for one client: all of an IPv4 one, the first half of an IPv6 one, for who
 * has one has all with that half. Zeros: it is none. */
void address_network(const char *text, unsigned char out[16]);

/* On false `reason` says which kind of address it is and how to allow it. */
NODISCARD bool guard_allows(const struct guard *guard, const struct sockaddr *address,
                            char reason[GUARD_REASON_SIZE]);

/* Judges a URL before it is stored or used: http or https, a host, no user name in it, no port that
 * speaks another protocol; and the address too where the host is one in any spelling (octal, hex,
 * one number). A name is judged only when it is resolved. */
NODISCARD bool guard_url(const struct guard *guard, const char *url, struct fault *fault);

/* One transfer's share: why it was refused, "" when it was not. Lives as long as the transfer. */
struct guard_watch {
    const struct guard *guard;
    char reason[GUARD_REASON_SIZE];
};

/* Makes `easy` connect to allowed addresses only, to http and https only, by no proxy, and follow
 * no redirect. A refused address ends in CURLE_COULDNT_CONNECT with the reason in `watch`. */
void guard_equip(struct guard_watch *watch, CURL *easy);

#endif
