/* http/forwarded.h - whose request is it, where proxies stand between? Pure. */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <netinet/in.h>

#include "http/guard.h"

/* The address of the client: `peer`, or as long as that is a trusted proxy, who that says has asked it. What stands
 * further left was written by somebody who is not trusted. `forwarded` is RFC 7239's header, `for_list`
 * X-Forwarded-For. Proxies write one of them and pass on what a client wrote in the other: where both are there and do
 * not say the same, neither counts. Either may be NULL, and of a header that came several times the values are
 * joined with commas. `peer` is an address, or "" for none; an IPv4 address in IPv6 form is written as IPv4. */
void forwarded_client(const struct guard *trusted, const char *peer, const char *forwarded,
                      const char *for_list, char out[INET6_ADDRSTRLEN]);

#endif
