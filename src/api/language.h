/* api/language.h - which of our languages does a reader want? Pure. */
#ifndef API_LANGUAGE_H
#define API_LANGUAGE_H

#include "people/user.h"

/* Of an Accept-Language header (RFC 9110); NULL or nothing of ours: LANGUAGE_EN. */
NODISCARD int language_wanted(const char *accept);

#endif
