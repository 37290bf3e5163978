#include "paging/link.h"

#include <glib.h>
#include <sodium.h>
#include <string.h>

/* Layout of what is signed: version, kind, id (8, big endian), expiry (8), length of the handle (2),
 * handle, and of a subject the kind of that, but for an alert: so all links were that were sent before anything else
 * could page. The signature of 32 bytes follows. */
enum {
    FORMAT_VERSION = 2,
    HEAD_SIZE = 1 + 1 + 8 + 8 + 2,
    MAC_SIZE = 32,
    USER_MAX = 415,
    KIND_MAX = SUBJECT_KIND_SIZE - 1,
    BYTES_MAX = HEAD_SIZE + USER_MAX + KIND_MAX + MAC_SIZE,
};

static const char UNSAID[] = "alert"; /* the kind that is not written */

/* Keeps these signatures apart from any other use of the same key. */
static const unsigned char PURPOSE[] = "tocsin acknowledge link";

G_STATIC_ASSERT((BYTES_MAX * 4 + 2) / 3 + 1 <= LINK_TOKEN_SIZE);
G_STATIC_ASSERT(sizeof(((struct link *)0)->user) == USER_MAX + 1);

static const unsigned char PURPOSE_IDS[] = "tocsin installation";

void link_installation(const unsigned char key[LINK_KEY_SIZE], char out[INSTALLATION_SIZE])
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    CHECK(crypto_generichash(hash, sizeof hash, PURPOSE_IDS, sizeof PURPOSE_IDS, key,
                             LINK_KEY_SIZE) == 0);
    (void)sodium_bin2hex(out, INSTALLATION_SIZE, hash, (INSTALLATION_SIZE - 1) / 2);
}

static void sign(const unsigned char *payload, size_t size, const unsigned char key[LINK_KEY_SIZE],
                 unsigned char out[MAC_SIZE])
{
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, key, LINK_KEY_SIZE, MAC_SIZE) == 0);
    CHECK(crypto_generichash_update(&state, PURPOSE, sizeof PURPOSE) == 0);
    CHECK(crypto_generichash_update(&state, payload, size) == 0);
    CHECK(crypto_generichash_final(&state, out, MAC_SIZE) == 0);
}

static void put_64(unsigned char *out, int64_t value)
{
    uint64_t big = GUINT64_TO_BE((uint64_t)value);
    memcpy(out, &big, sizeof big);
}

static int64_t get_64(const unsigned char *bytes)
{
    uint64_t big = 0;
    memcpy(&big, bytes, sizeof big);
    return (int64_t)GUINT64_FROM_BE(big);
}

struct subject link_subject(const struct link *link)
{
    CHECK(link->kind == LINK_SUBJECT);
    return subject_of_id(link->subject_kind, link->id);
}

static const char *said_kind(const struct link *link)
{
    bool is_said = link->kind == LINK_SUBJECT && strcmp(link->subject_kind, UNSAID) != 0;
    return is_said ? link->subject_kind : "";
}

void link_write(const struct link *link, const unsigned char key[LINK_KEY_SIZE],
                char out[LINK_TOKEN_SIZE])
{
    size_t user_size = strlen(link->user);
    CHECK(user_size <= USER_MAX);
    CHECK(link->kind >= LINK_SUBJECT && link->kind <= LINK_CONTACT);
    CHECK((link->kind == LINK_SUBJECT) == (link->subject_kind[0] != '\0'));
    const char *kind = said_kind(link);
    size_t kind_size = strlen(kind);
    unsigned char bytes[BYTES_MAX] = {FORMAT_VERSION, (unsigned char)link->kind};
    put_64(bytes + 2, link->id);
    put_64(bytes + 10, link->expires_at.us);
    bytes[18] = (unsigned char)(user_size >> 8);
    bytes[19] = (unsigned char)(user_size & 0xff);
    memcpy(bytes + HEAD_SIZE, link->user, user_size);
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): its size ends it, not a NUL */
    memcpy(bytes + HEAD_SIZE + user_size, kind, kind_size);
    size_t size = HEAD_SIZE + user_size + kind_size;
    sign(bytes, size, key, bytes + size);
    (void)sodium_bin2base64(out, LINK_TOKEN_SIZE, bytes, size + MAC_SIZE,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Only what link_write could have written: no padding, no other spelling of the same bytes. */
static bool decode(const char *token, unsigned char out[BYTES_MAX], size_t *out_size)
{
    size_t length = strnlen(token, LINK_TOKEN_SIZE);
    if (length == 0 || length >= LINK_TOKEN_SIZE) {
        return false;
    }
    const char *end = NULL;
    int failed = sodium_base642bin(out, BYTES_MAX, token, length, NULL, out_size, &end,
                                   sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (failed != 0 || end != token + length) {
        return false;
    }
    return *out_size >= HEAD_SIZE + MAC_SIZE;
}

/* Of bytes whose signature is good: still judged, an older program may have written them. */
static bool unpack(const unsigned char *bytes, size_t size, struct link *out)
{
    size_t user_size = (size_t)bytes[18] << 8 | bytes[19];
    if (bytes[0] != FORMAT_VERSION || user_size > USER_MAX || HEAD_SIZE + user_size > size) {
        return false;
    }
    if (bytes[1] < LINK_SUBJECT || bytes[1] > LINK_CONTACT) {
        return false;
    }
    size_t kind_size = size - HEAD_SIZE - user_size;
    if (kind_size > (bytes[1] == LINK_SUBJECT ? KIND_MAX : 0)) {
        return false;
    }
    if (memchr(bytes + HEAD_SIZE, '\0', user_size + kind_size) != NULL) {
        return false;
    }
    *out = (struct link){
        .kind = bytes[1],
        .id = get_64(bytes + 2),
        .expires_at = {get_64(bytes + 10)},
    };
    memcpy(out->user, bytes + HEAD_SIZE, user_size);
    memcpy(out->subject_kind, bytes + HEAD_SIZE + user_size, kind_size);
    if (out->kind == LINK_SUBJECT && kind_size == 0) {
        g_strlcpy(out->subject_kind, UNSAID, sizeof out->subject_kind);
    }
    return true;
}

bool link_read(const char *token, const unsigned char key[LINK_KEY_SIZE], struct utc now,
               struct link *out, struct fault *fault)
{
    unsigned char bytes[BYTES_MAX];
    unsigned char expected[MAC_SIZE];
    size_t size = 0;
    *out = (struct link){0};
    bool is_signed = token != NULL && decode(token, bytes, &size);
    if (is_signed) {
        size -= MAC_SIZE;
        sign(bytes, size, key, expected);
        is_signed = sodium_memcmp(bytes + size, expected, MAC_SIZE) == 0;
    }
    struct link link = {0};
    if (!is_signed || !unpack(bytes, size, &link)) {
        return fault_set(fault, "",
                         "this link is not valid: open it from the message itself, a part of it "
                         "may have been cut off");
    }
    if (!utc_before(now, link.expires_at)) {
        return fault_set(fault, "",
                         "this link has expired: use the link of a newer message, or acknowledge "
                         "the alert in Tocsin");
    }
    *out = link;
    return true;
}
