/* access/token.h - the keys that programs show: what they look like and what they may do.
 *
 *     tcn_int_<43 characters: 256 random bits><6 characters: checksum>
 *
 * The prefix says whose key it is, so that a secret scanner finds a leaked one and its finder knows
 * what it opens; the checksum tells a real one from a look-alike without asking the database. Only
 * the hash of a key is stored. */
#ifndef ACCESS_TOKEN_H
#define ACCESS_TOKEN_H

#include "base/record.h"

enum key_owner {
    KEY_INTEGRATION = 1, /* tcn_int_  */
    KEY_HEARTBEAT,       /* tcn_beat_ */
    KEY_TOKEN,           /* tcn_api_  */
    KEY_FEED,            /* tcn_feed_ */
};
extern const struct enum_name KEY_OWNER_NAMES[]; /* integration heartbeat token feed */

/* What a token may do; each may do what the one before may. */
enum token_scope { SCOPE_READ = 1, SCOPE_RESPOND, SCOPE_ADMIN };
extern const struct enum_name TOKEN_SCOPE_NAMES[]; /* read respond admin */

enum {
    KEY_BYTES = 32,
    KEY_TEXT_SIZE = 64,
    KEY_HASH_SIZE = 32,
    KEY_GIVEN_MIN = 16, /* characters of a key that the operator brings along */
    KEY_GIVEN_MAX = 200,
    KEY_GIVEN_VARIETY = 8, /* different characters in it */
    KEY_GIVEN_BEYOND = 12, /* characters besides common words */
};

/* The text of a new key from fresh random bytes. */
void key_write(enum key_owner owner, const unsigned char bytes[KEY_BYTES], char out[KEY_TEXT_SIZE]);

/* 32 lower-case letters and digits: what senders made for PagerDuty take for a routing key. */
void key_write_routing(const unsigned char bytes[KEY_BYTES], char out[KEY_TEXT_SIZE]);

/* Whose key the text is by its own account; 0 when it is not one of ours or its checksum is wrong. */
int key_read(const char *text);

/* Judges a key from the environment or a file: printable ASCII without spaces, KEY_GIVEN_MIN to
 * KEY_GIVEN_MAX characters, and if it starts like one of ours it must be whole. It must be hard to guess: eight
 * different characters, no repetition of something short, and enough besides the words that people write where a key
 * should stand. The fault never holds the key. */
NODISCARD bool key_check_given(const char *text, struct fault *fault);

/* What is stored and looked up: BLAKE2b-256 of the text. */
void key_hash(const char *text, unsigned char out[KEY_HASH_SIZE]);

#endif
