/* base/mail_name.h - names as mail servers want them: ours in the greeting, domains in ASCII. Pure. */
#ifndef BASE_MAIL_NAME_H
#define BASE_MAIL_NAME_H

#include <glib.h>

#include "base/check.h"

/* A name for EHLO as it is sent: a host name in ASCII, or an address as a literal (RFC 5321 4.1.3). NULL when it is
 * neither. To be freed with g_free. */
NODISCARD char *mail_hello(const char *name);

/* The one that stands in the URL of a mail server as its path; NULL: none does, or it cannot be read. To be freed with
 * g_free. */
NODISCARD char *mail_hello_of_url(const char *smtp_url);

/* The URL with the name for EHLO as its path, which is where curl takes it from. The name is that of the path already,
 * or `hello`; without them (NULL) the host of `public_url`, if it is a full name or
 * an address (then as a literal, RFC 5321 4.1.3); else the literal of this machine: a bare "vm" is what
 * many servers refuse. To be freed with g_free. */
NODISCARD char *mail_greeting_url(const char *smtp_url, const char *hello, const char *public_url);

/* The address with its domain in punycode. NULL when only SMTPUTF8 could carry it (a local part that is
 * not ASCII) or its domain is none. To be freed with g_free. */
NODISCARD char *mail_ascii_address(const char *address);

#endif
