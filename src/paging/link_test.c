/* Links: what is written is read back; anything else is refused in words. */
#include "paging/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <sodium.h>

static const unsigned char KEY[LINK_KEY_SIZE] = "0123456789abcdef0123456789abcde";
static const unsigned char OTHER_KEY[LINK_KEY_SIZE] = "another key, thirty-two bytes..";
static const struct utc NOW = {1795000000000000};

static struct link link_for(int kind, int64_t id, const char *user, struct span valid_for)
{
    struct link link = {.kind = kind, .id = id, .expires_at = utc_add(NOW, valid_for)};
    g_strlcpy(link.user, user, sizeof link.user);
    if (kind == LINK_SUBJECT) {
        g_strlcpy(link.subject_kind, "alert", sizeof link.subject_kind);
    }
    return link;
}

static void test_round_trip(void **state)
{
    (void)state;
    char longest[sizeof((struct link *)NULL)->user];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const struct link rows[] = {
        link_for(LINK_SUBJECT, 1, "ana", SPAN_H(24)),
        link_for(LINK_DELIVERY, INT64_MAX, "budi", SPAN_MS(1)),
        link_for(LINK_CONTACT, 0, "", SPAN_D(3650)),
        link_for(LINK_SUBJECT, 77, "陳大文", SPAN_D(1)),
        link_for(LINK_SUBJECT, 78, longest, SPAN_D(1)),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char token[LINK_TOKEN_SIZE];
        struct link back;
        struct fault fault = {0};
        link_write(&rows[i], KEY, token);
        assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-_"),
                         strlen(token));
        assert_true(link_read(token, KEY, NOW, &back, &fault));
        assert_int_equal(back.kind, rows[i].kind);
        assert_int_equal(back.id, rows[i].id);
        assert_string_equal(back.user, rows[i].user);
        assert_int_equal(back.expires_at.us, rows[i].expires_at.us);
    }
}

/* As it was sent before anything but an alert could page; and so one of an alert still is. */
static void a_link_of_before_is_an_alerts(void **state)
{
    (void)state;
    static const char SENT[] = "AgEAAAAAAAAAKgAGYIvX8tQAAANhbmGBeCec11fYcRsdad6inJ"
                               "lCiVx5BB9BhM7ggqTLuo7W8A";
    struct link link = link_for(LINK_SUBJECT, 42, "ana", SPAN_H(1));
    struct link back;
    struct fault fault = {0};
    char token[LINK_TOKEN_SIZE];
    link_write(&link, KEY, token);
    assert_string_equal(token, SENT);
    assert_true(link_read(SENT, KEY, NOW, &back, &fault));
    assert_true(subject_equal(link_subject(&back), subject_of_id("alert", 42)));
    g_strlcpy(link.subject_kind, "drill", sizeof link.subject_kind);
    link_write(&link, KEY, token);
    assert_string_not_equal(token, SENT);
    assert_true(link_read(token, KEY, NOW, &back, &fault));
    assert_true(subject_equal(link_subject(&back), subject_of_id("drill", 42)));
}

static void refuse(const char *name, const char *token, const unsigned char *key, struct utc now,
                   const char *word)
{
    struct link back;
    struct fault fault = {0};
    if (link_read(token, key, now, &back, &fault)) {
        fail_msg("%s: taken", name);
    }
    if (strstr(fault.text, word) == NULL) {
        fail_msg("%s: says '%s'", name, fault.text);
    }
    assert_int_equal(back.kind, 0);
    assert_int_equal(back.id, 0);
}

static void test_refusals(void **state)
{
    (void)state;
    struct link link = link_for(LINK_SUBJECT, 42, "ana", SPAN_H(1));
    char good[LINK_TOKEN_SIZE];
    link_write(&link, KEY, good);
    g_autofree char *padded = g_strconcat(good, "=", NULL);
    g_autofree char *spaced = g_strconcat(good, " ", NULL);
    g_autofree char *led = g_strconcat(" ", good, NULL);
    g_autofree char *doubled = g_strconcat(good, good, NULL);
    g_autofree char *cut = g_strndup(good, strlen(good) - 1);
    g_autofree char *huge = g_strnfill(100000, 'A');
    refuse("nothing", NULL, KEY, NOW, "not valid");
    refuse("empty", "", KEY, NOW, "not valid");
    refuse("words", "acknowledge", KEY, NOW, "not valid");
    refuse("padded", padded, KEY, NOW, "not valid");
    refuse("space behind", spaced, KEY, NOW, "not valid");
    refuse("space in front", led, KEY, NOW, "not valid");
    refuse("twice", doubled, KEY, NOW, "not valid");
    refuse("cut off", cut, KEY, NOW, "not valid");
    refuse("huge", huge, KEY, NOW, "not valid");
    refuse("another key", good, OTHER_KEY, NOW, "not valid");
    refuse("at its last instant", good, KEY, link.expires_at, "expired");
    refuse("years later", good, KEY, utc_add(NOW, SPAN_D(3000)), "expired");
}

/* Every bit of the signed bytes matters: a person, an alert or an hour cannot be exchanged. */
static void test_every_bit_counts(void **state)
{
    (void)state;
    struct link link = link_for(LINK_DELIVERY, 42, "ana", SPAN_H(1));
    char good[LINK_TOKEN_SIZE];
    unsigned char bytes[LINK_TOKEN_SIZE];
    size_t size = 0;
    link_write(&link, KEY, good);
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    assert_int_equal(
        sodium_base642bin(bytes, sizeof bytes, good, strlen(good), NULL, &size, NULL, variant), 0);
    for (size_t bit = 0; bit < size * 8; bit++) {
        char bad[LINK_TOKEN_SIZE];
        bytes[bit / 8] ^= (unsigned char)(1U << (bit % 8));
        (void)sodium_bin2base64(bad, sizeof bad, bytes, size, variant);
        bytes[bit / 8] ^= (unsigned char)(1U << (bit % 8));
        refuse("one bit", bad, KEY, NOW, "not valid");
    }
}

/* No second spelling of a token: another last character that means the same bytes is refused. */
static void test_one_spelling(void **state)
{
    (void)state;
    static const char ALPHABET[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct link link = link_for(LINK_SUBJECT, 42, "budi", SPAN_H(1));
    char token[LINK_TOKEN_SIZE];
    link_write(&link, KEY, token);
    size_t last = strlen(token) - 1;
    char original = token[last];
    int taken = 0;
    for (size_t i = 0; i < strlen(ALPHABET); i++) {
        struct link back;
        struct fault fault = {0};
        token[last] = ALPHABET[i];
        taken += link_read(token, KEY, NOW, &back, &fault);
    }
    token[last] = original;
    assert_int_equal(taken, 1);
}

static void an_installation_has_letters_of_its_own(void **state)
{
    (void)state;
    const unsigned char keys[2][LINK_KEY_SIZE] = {{1}, {2}};
    char out[3][INSTALLATION_SIZE];
    for (size_t i = 0; i < 3; i++) {
        link_installation(keys[i % 2], out[i]);
        assert_int_equal(strspn(out[i], "0123456789abcdef"), INSTALLATION_SIZE - 1);
    }
    assert_string_equal(out[0], out[2]);
    assert_string_not_equal(out[0], out[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(a_link_of_before_is_an_alerts),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_one_spelling),
        cmocka_unit_test(an_installation_has_letters_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
