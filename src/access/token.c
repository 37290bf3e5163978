#include "access/token.h"

#include <sodium.h>
#include <string.h>

enum { DIGITS = 43 /* of 256 bits to base 62 */, CHECK_DIGITS = 6, ROUTING_DIGITS = 32 };

static const char ALPHABET[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

const struct enum_name KEY_OWNER_NAMES[] = {{"integration", KEY_INTEGRATION},
                                            {"heartbeat", KEY_HEARTBEAT},
                                            {"token", KEY_TOKEN},
                                            {"feed", KEY_FEED},
                                            {NULL, 0}};
const struct enum_name TOKEN_SCOPE_NAMES[] = {
    {"read", SCOPE_READ}, {"respond", SCOPE_RESPOND}, {"admin", SCOPE_ADMIN}, {NULL, 0}};

static const char *const PREFIXES[] = {
    [KEY_INTEGRATION] = "tcn_int_",
    [KEY_HEARTBEAT] = "tcn_beat_",
    [KEY_TOKEN] = "tcn_api_",
    [KEY_FEED] = "tcn_feed_",
};

/* The `count` lowest digits of the number in `bytes` (most significant first), which is used up. */
static void write_digits(unsigned char *bytes, size_t size, unsigned base, char *out, size_t count)
{
    for (size_t at = count; at-- > 0;) {
        unsigned rest = 0;
        for (size_t i = 0; i < size; i++) {
            unsigned part = rest << 8 | bytes[i];
            bytes[i] = (unsigned char)(part / base);
            rest = part % base;
        }
        out[at] = ALPHABET[rest];
    }
    out[count] = '\0';
}

/* Not for security, which lies in the hash: it finds typing errors and look-alikes. */
static void write_checksum(const char *text, size_t size, char out[CHECK_DIGITS + 1])
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    CHECK(crypto_generichash(hash, sizeof hash, (const unsigned char *)text, size, NULL, 0) == 0);
    write_digits(hash, 4, 62, out, CHECK_DIGITS);
}

void key_write(enum key_owner owner, const unsigned char bytes[KEY_BYTES], char out[KEY_TEXT_SIZE])
{
    unsigned char number[KEY_BYTES];
    memcpy(number, bytes, sizeof number);
    size_t length = g_strlcpy(out, PREFIXES[owner], KEY_TEXT_SIZE);
    CHECK(length + DIGITS + CHECK_DIGITS < KEY_TEXT_SIZE);
    write_digits(number, sizeof number, 62, out + length, DIGITS);
    write_checksum(out, length + DIGITS, out + length + DIGITS);
}

void key_write_routing(const unsigned char bytes[KEY_BYTES], char out[KEY_TEXT_SIZE])
{
    unsigned char number[KEY_BYTES];
    memcpy(number, bytes, sizeof number);
    write_digits(number, sizeof number, 36, out, ROUTING_DIGITS);
}

int key_read(const char *text)
{
    for (int owner = KEY_INTEGRATION; owner <= KEY_FEED; owner++) {
        size_t prefix = strlen(PREFIXES[owner]);
        if (strncmp(text, PREFIXES[owner], prefix) != 0) {
            continue;
        }
        size_t signed_size = prefix + DIGITS;
        char checksum[CHECK_DIGITS + 1];
        if (strlen(text) != signed_size + CHECK_DIGITS ||
            strspn(text + prefix, ALPHABET) != DIGITS + CHECK_DIGITS) {
            return 0;
        }
        write_checksum(text, signed_size, checksum);
        return strcmp(text + signed_size, checksum) == 0 ? owner : 0;
    }
    return 0;
}

static size_t count_different(const char *text)
{
    bool is_seen[256] = {false};
    size_t count = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        count += !is_seen[*at];
        is_seen[*at] = true;
    }
    return count;
}

/* The length of the shortest text of which this is a repetition, whole or cut: of "abcabca", 3. */
static size_t period_of(const char *text, size_t length)
{
    for (size_t period = 1; period < length; period++) {
        if (memcmp(text, text + period, length - period) == 0) {
            return period;
        }
    }
    return length;
}

/* Characters, but - and _, that are left when common words are taken out. */
static size_t count_beyond_words(const char *text)
{
    static const char *const WORDS[] = {"password", "passwort", "changeme", "change-me", "secret",
                                        "example",  "default",  "qwerty",   "letmein",   "tocsin",
                                        "admin",    "token",    "test",     "key"};
    g_autofree char *rest = g_ascii_strdown(text, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        for (char *at = strstr(rest, WORDS[i]); at != NULL; at = strstr(rest, WORDS[i])) {
            memset(at, '-', strlen(WORDS[i]));
        }
    }
    size_t count = 0;
    for (const char *at = rest; *at != '\0'; at++) {
        count += *at != '-' && *at != '_';
    }
    return count;
}

static bool is_hard_to_guess(const char *text, size_t length)
{
    return count_different(text) >= KEY_GIVEN_VARIETY && period_of(text, length) >= KEY_GIVEN_MIN &&
           count_beyond_words(text) >= KEY_GIVEN_BEYOND;
}

bool key_check_given(const char *text, struct fault *fault)
{
    size_t length = strlen(text);
    if (length < KEY_GIVEN_MIN || length > KEY_GIVEN_MAX) {
        return fault_set(fault, "", "a key has %d to %d characters, this one %zu", KEY_GIVEN_MIN,
                         KEY_GIVEN_MAX, length);
    }
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isgraph(text[i]) || strchr("/?#%", text[i]) != NULL) {
            return fault_set(fault, "",
                             "character %zu of the key cannot stand in an address; use letters, "
                             "digits, - and _",
                             i + 1);
        }
    }
    if (g_str_has_prefix(text, "tcn_") && key_read(text) == 0) {
        return fault_set(fault, "",
                         "the key begins like one of ours but is not whole; copy it again");
    }
    if (!is_hard_to_guess(text, length)) {
        return fault_set(
            fault, "",
            "the key is easy to guess: it repeats itself, has few different characters or "
            "consists of common words; take a random one (openssl rand -hex 20), or leave it "
            "out and one is made");
    }
    return true;
}

void key_hash(const char *text, unsigned char out[KEY_HASH_SIZE])
{
    CHECK(crypto_generichash(out, KEY_HASH_SIZE, (const unsigned char *)text, strlen(text), NULL,
                             0) == 0);
}
