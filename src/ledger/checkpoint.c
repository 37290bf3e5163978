#include "ledger/checkpoint.h"

#include <sodium.h>
#include <string.h>

#include "base/json.h"

void checkpoint_seal(const struct checkpoint *checkpoint,
                     const unsigned char key[CHECKPOINT_KEY_SIZE],
                     unsigned char out[EVENT_HASH_SIZE])
{
    const int64_t numbers[] = {GINT64_TO_LE(checkpoint->seq), GINT64_TO_LE(checkpoint->at.us)};
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, key, CHECKPOINT_KEY_SIZE, EVENT_HASH_SIZE) == 0);
    (void)crypto_generichash_update(&state, (const unsigned char *)numbers, sizeof numbers);
    (void)crypto_generichash_update(&state, checkpoint->hash, EVENT_HASH_SIZE);
    CHECK(crypto_generichash_final(&state, out, EVENT_HASH_SIZE) == 0);
}

json_t *checkpoint_json(const struct checkpoint *checkpoint)
{
    char hash[2 * EVENT_HASH_SIZE + 1];
    (void)sodium_bin2hex(hash, sizeof hash, checkpoint->hash, EVENT_HASH_SIZE);
    return json_pack("{s:o, s:s}", CHECKPOINT_SEQ,
                     json_sprintf("%" G_GINT64_FORMAT, checkpoint->seq), CHECKPOINT_HASH, hash);
}

bool checkpoint_is_named(const struct checkpoint *checkpoint, const char *data)
{
    struct fault fault;
    json_auto_t *named = data != NULL ? json_read(data, strlen(data), &fault) : NULL;
    json_auto_t *wanted = checkpoint_json(checkpoint);
    return json_equal(json_object_get(named, CHECKPOINT_SEQ),
                      json_object_get(wanted, CHECKPOINT_SEQ)) &&
           json_equal(json_object_get(named, CHECKPOINT_HASH),
                      json_object_get(wanted, CHECKPOINT_HASH));
}
