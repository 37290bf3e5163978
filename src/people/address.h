/* people/address.h - could a message go there at all? Syntax only; nothing is contacted. */
#ifndef PEOPLE_ADDRESS_H
#define PEOPLE_ADDRESS_H

#include "people/user.h"

/* Judges address and secret of a contact or chat channel of `kind`; the fault names "to" or
 * "secret". Asked of what is stored, too: never stricter than the version before was. */
NODISCARD bool address_judge(int kind, const char *to, const char *secret, struct fault *fault);

/* The address as it may be shown to whoever reads: of a URL scheme and host alone, since whoever knows the
 * rest may use it. Newly allocated; NULL for NULL. */
NODISCARD char *address_shown(const char *to);

/* Is `to` the API that a bot posts to (Slack's chat.postMessage, Mattermost's /api/v4/posts)? Then a
 * token is needed; else it is an incoming webhook or no chat at all. */
NODISCARD bool address_is_bot(int kind, const char *to);

/* The id of the channel that a bot's address names. Newly allocated; NULL when there is none, or it is no
 * id. */
NODISCARD char *address_bot_channel(int kind, const char *to);

enum { WEBHOOK_KEY_MAX = 64 };

/* What may stand between the secrets of a webhook while one is exchanged for another. */
#define WEBHOOK_SECRETS_BETWEEN " ,\t\r\n"

/* One of them: "whsec_" and base64 of 24 to 64 bytes (Standard Webhooks); without the prefix it is taken too. */
NODISCARD bool webhook_key_read(const char *text, unsigned char out[WEBHOOK_KEY_MAX],
                                size_t *out_size);

/* Can a contact of `kind` use this secret, which its reference stands for? The fault says what it is: "is no …". */
NODISCARD bool secret_judge(int kind, const char *secret, struct fault *fault);

/* The same of one that is written now, and may be a reference or NULL: what address_judge lets pass because
 * it is stored, and no sender could use. */
NODISCARD bool secret_judge_written(int kind, const char *secret, struct fault *fault);

/* A reference such as env:NAME or file:PATH instead of the secret itself. */
NODISCARD bool is_secret_reference(const char *secret);
/* One that is none, and was evidently meant as one: "$NAME", "Env:NAME", "TOCSIN_SECRET_X", a byte order mark before it. */
NODISCARD bool is_secret_misspelt(const char *secret);

#endif
