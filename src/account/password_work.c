#include "account/password.h"

#include <sodium.h>
#include <string.h>

#include "base/metric.h"

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "as the library writes them");

/* RFC 9106 asks for the second of its two choices at least: 64 MiB, three times through. */
#define TIMES UINT64_C(3)
#define BYTES ((size_t)64 << 20)

/* Nobody's: a hash of the same costs, so that an unknown name takes as long as a known one. */
static const char NOBODYS[] = "$argon2id$v=19$m=65536,t=3,p=1$c29tZSBzYWx0IG9mIG91cg$"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password_hash(const char *password, char out[PASSWORD_HASH_SIZE])
{
    metric_add(METRIC_PASSWORDS, 1);
    return crypto_pwhash_str_alg(out, password, strlen(password), TIMES, BYTES,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool password_is(const char *password, const char *hash)
{
    metric_add(METRIC_PASSWORDS, 1);
    bool is_it =
        crypto_pwhash_str_verify(hash != NULL ? hash : NOBODYS, password, strlen(password)) == 0;
    return is_it && hash != NULL;
}
