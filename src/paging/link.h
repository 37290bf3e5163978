/* paging/link.h - signed links: who, for what, until when. They act only by POST. */
#ifndef PAGING_LINK_H
#define PAGING_LINK_H

#include "base/fault.h"
#include "base/subject.h"
#include "base/utc.h"

enum { LINK_TOKEN_SIZE = 672, LINK_KEY_SIZE = 32 };

enum link_kind {
    LINK_SUBJECT = 1 /* one subject */,
    LINK_DELIVERY /* all that one digest told of */,
    LINK_CONTACT /* "I received the test": verifies the contact of that delivery */
};

struct link {
    int kind;
    int64_t id;                           /* of the subject or the delivery */
    char subject_kind[SUBJECT_KIND_SIZE]; /* LINK_SUBJECT: its kind; else "" */
    char user[416]; /* handle of the person it was sent to, or "channel:NAME": 100 characters */
    struct utc expires_at;
};

/* Of a link of LINK_SUBJECT; borrowed of the link. */
NODISCARD struct subject link_subject(const struct link *link);

/* base64url(payload || BLAKE2b-256 keyed); pure. */
void link_write(const struct link *link, const unsigned char key[LINK_KEY_SIZE],
                char out[LINK_TOKEN_SIZE]);
/* False when forged, malformed or expired; the fault says which in words for a person. */
NODISCARD bool link_read(const char *token, const unsigned char key[LINK_KEY_SIZE], struct utc now,
                         struct link *out, struct fault *fault);

enum { INSTALLATION_SIZE = 17 };

/* Letters that tell this database from every other one, for the ids of messages: the same for all of its
 * nodes, and after a move or a restore. They give nothing of the key away. */
void link_installation(const unsigned char key[LINK_KEY_SIZE], char out[INSTALLATION_SIZE]);

#endif
