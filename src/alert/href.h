/* alert/href.h - addresses of links as senders write them. Pure. */
#ifndef ALERT_HREF_H
#define ALERT_HREF_H

#include "base/check.h"

/* The address as every channel and page may show it: what has no place in one (a space, quotes, braces and their kind,
 * characters that show nothing) is percent-encoded, as browsers do it; what is encoded already stays. NULL when that
 * would not help: neither http nor https, a control character, or such a character in the host. To be freed with
 * g_free. */
NODISCARD char *href_mended(const char *href);

#endif
