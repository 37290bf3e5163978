#include "people/user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "people/address.h"

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    if (json == NULL) {
        fail_msg("%s: %s", error.text, text);
    }
    return json;
}

static struct user *read_user(const char *text)
{
    struct fault fault = {0};
    json_auto_t *json = parse(text);
    struct user *user = record_new(&USER_RECORD, json, &fault);
    if (user == NULL) {
        fail_msg("%s: %s", fault.field, fault.text);
    }
    return user;
}

/* ---- what is refused ---- */

struct refusal {
    const char *name;
    const struct record *record;
    const char *json;
    const char *field;
    const char *text;
};

#define CONTACT(kind, to) \
    "{\"name\":\"a\",\"contacts\":[{\"kind\":\"" kind "\",\"to\":\"" to "\"}]}"

static const struct refusal REFUSALS[] = {
    {"no name", &USER_RECORD, "{}", "name", "is required"},
    {"language", &USER_RECORD, "{\"name\":\"a\",\"language\":\"de\"}", "language",
     "en, ko, id, zh-TW, fr"},
    {"contact kind", &USER_RECORD, CONTACT("fax", "1"), "contacts[0].kind", "one of email"},
    {"no address", &USER_RECORD, "{\"name\":\"a\",\"contacts\":[{\"kind\":\"email\"}]}",
     "contacts[0].to", "is required"},
    {"e-mail without @", &USER_RECORD, CONTACT("email", "ana"), "contacts[0].to",
     "is not an e-mail address"},
    {"e-mail without host", &USER_RECORD, CONTACT("email", "ana@"), "contacts[0].to", "is not"},
    {"e-mail without person", &USER_RECORD, CONTACT("email", "@example.com"), "contacts[0].to",
     "is not"},
    {"two e-mails", &USER_RECORD, CONTACT("email", "a@b.org,c@d.org"), "contacts[0].to", "is not"},
    {"two @", &USER_RECORD, CONTACT("email", "a@b@c"), "contacts[0].to", "is not"},
    {"e-mail with a header in it", &USER_RECORD, CONTACT("email", "a@b.org\\r\\nBcc: c@d.org"),
     "contacts[0].to", "control characters"},
    {"e-mail with a space", &USER_RECORD, CONTACT("email", "a b@c.org"), "contacts[0].to",
     "spaces"},
    {"e-mail with a name", &USER_RECORD, CONTACT("email", "<a@b.org>"), "contacts[0].to", "is not"},
    {"webhook without scheme", &USER_RECORD, CONTACT("webhook", "example.com/x"), "contacts[0].to",
     "http:// or https://"},
    {"webhook to a file", &USER_RECORD, CONTACT("webhook", "file:///etc/passwd"), "contacts[0].to",
     "http:// or https://"},
    {"slack without host", &USER_RECORD, CONTACT("slack", "https:///x"), "contacts[0].to",
     "http:// or https://"},
    {"ntfy with a line break", &USER_RECORD, CONTACT("ntfy", "https://a/b\\nc"), "contacts[0].to",
     "control characters"},
    {"webhook secret", &USER_RECORD,
     "{\"name\":\"a\",\"contacts\":[{\"kind\":\"webhook\",\"to\":\"http://a/\",\"secret\":\"x\"}]}",
     "contacts[0].secret", "whsec_"},
    {"somebody who watches mail", &USER_RECORD,
     "{\"name\":\"a\",\"contacts\":[{\"kind\":\"email\",\"to\":\"a@b.org\",\"watched\":true}]}",
     "contacts[0].watched", "kind log only"},
    {"two contacts of one name", &USER_RECORD,
     "{\"name\":\"a\",\"contacts\":[{\"kind\":\"log\"},{\"kind\":\"log\"}]}", "contacts[1].name",
     "two contacts are called \"log\""},
    {"rule for nothing", &USER_RECORD,
     "{\"name\":\"ana\",\"contacts\":[{\"kind\":\"log\"}],\"rules\":{\"low\":[{\"after\":\"0s\","
     "\"contact\":\"log\"},{\"after\":\"1m\",\"contact\":\"mail\"}]}}",
     "rules.low[1].contact", "\"mail\" is not a contact of ana; there are log"},
    {"rule without contacts", &USER_RECORD,
     "{\"name\":\"ana\",\"rules\":{\"high\":[{\"after\":\"0s\",\"contact\":\"email\"}]}}",
     "rules.high[0].contact", "who has none"},
    {"rule without unit", &USER_RECORD,
     "{\"name\":\"a\",\"contacts\":[{\"kind\":\"log\"}],\"rules\":{\"high\":[{\"after\":5,"
     "\"contact\":\"log\"}]}}",
     "rules.high[0].after", "needs a unit"},
    {"rule after a week", &USER_RECORD,
     "{\"name\":\"a\",\"contacts\":[{\"kind\":\"log\"}],\"rules\":{\"high\":[{\"after\":\"1w\","
     "\"contact\":\"log\"}]}}",
     "rules.high[0].after", "between 0s and 1d"},
    {"team member twice", &TEAM_RECORD, "{\"name\":\"t\",\"members\":[\"a\",\"b\",\"a\"]}",
     "members[2]", "in the team already"},
    {"channel by e-mail", &CHAT_CHANNEL_RECORD,
     "{\"name\":\"c\",\"kind\":\"email\",\"to\":\"a@b.org\"}", "kind", "mailing list"},
    {"bot without token", &USER_RECORD,
     CONTACT("slack", "https://slack.com/api/chat.postMessage?channel=C0123456789"),
     "contacts[0].secret", "the bot's token"},
    {"bot without channel", &CHAT_CHANNEL_RECORD,
     "{\"name\":\"c\",\"kind\":\"slack\",\"to\":\"https://slack.com/api/chat.postMessage\","
     "\"secret\":\"xoxb-1\"}",
     "to", "?channel=C0123456789"},
    {"bot with a channel's name", &CHAT_CHANNEL_RECORD,
     "{\"name\":\"c\",\"kind\":\"mattermost\",\"to\":"
     "\"https://m.example.com/api/v4/posts?channel_id=town-square\",\"secret\":\"x\"}",
     "to", "?channel_id="},
    {"channel without address", &CHAT_CHANNEL_RECORD, "{\"name\":\"c\",\"kind\":\"slack\"}", "to",
     "is required"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
        const struct refusal *row = &REFUSALS[i];
        struct fault fault = {0};
        json_auto_t *json = parse(row->json);
        void *item = record_new(row->record, json, &fault);
        if (item != NULL || strcmp(fault.field, row->field) != 0 ||
            strstr(fault.text, row->text) == NULL) {
            fail_msg("%s: %s: %s", row->name, fault.field, fault.text);
        }
    }
}

static void test_secrets_that_were_meant_as_references(void **state)
{
    (void)state;

    static const struct {
        const char *secret;
        bool is_misspelt;
    } ROWS[] = {
        {"env:TOCSIN_SECRET_A", false},
        {"file:slack", false},
        {"xoxb-1-abc", false},
        {"tk_$something", false},
        {"$2y$10$abc", false},
        {"$", false},
        {"$SLACK_TOKEN", true},
        {"${SLACK_TOKEN}", true},
        {"$(cat /run/token)", true},
        {"{{slack_token}}", true},
        {"ENV:SLACK_TOKEN", true},
        {"File:slack", true},
        {"env:", true},
        {"env=SLACK_TOKEN", true},
        {"TOCSIN_SECRET_SLACK", true},
        {"\xef\xbb\xbf"
         "env:TOCSIN_SECRET_A",
         true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        if (is_secret_misspelt(ROWS[i].secret) != ROWS[i].is_misspelt) {
            fail_msg("%s", ROWS[i].secret);
        }
    }
}

static void test_a_blank_full_name_is_none(void **state)
{
    (void)state;
    static const char *const BLANK[] = {"", "  ", "\\t", "\\u200b \\u00a0"};
    for (size_t i = 0; i < G_N_ELEMENTS(BLANK); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"name\":\"ana\",\"full_name\":\"%s\"}", BLANK[i]);
        struct fault fault = {0};
        json_auto_t *json = parse(text);
        struct user *user = record_new(&USER_RECORD, json, &fault);
        assert_non_null(user);
        assert_string_equal(user->full_name, "ana");
        record_free(&USER_RECORD, user);
    }
}

static void test_addresses_taken(void **state)
{
    (void)state;

    static const struct {
        int kind;
        const char *to, *secret;
    } ROWS[] = {
        {CONTACT_EMAIL, "ana@example.com", NULL},
        {CONTACT_EMAIL, "ana.w+pager@mail.example.co.id", NULL},
        {CONTACT_EMAIL, "ana@localhost", NULL},
        {CONTACT_WEBHOOK, "http://127.0.0.1:9999/ana", NULL},
        {CONTACT_WEBHOOK, "https://[::1]/x?y=z", "env:SECRET"},
        {CONTACT_WEBHOOK, "https://example.com/", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {CONTACT_WEBHOOK, "https://example.com/", "whsec_MTIzNDU2Nzg5MDEyMzQ1Ng=="}, /* stored */
        {CONTACT_SLACK, "https://hooks.example.com/services/T/B/x", NULL},
        {CONTACT_SLACK, "https://slack.com/api/chat.postMessage?channel=C0123456789", "xoxb-1"},
        {CONTACT_NTFY, "https://ntfy.example.com/topic", "tk_something"},
        {CONTACT_LOG, NULL, NULL},
        {CONTACT_LOG, "anything", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct fault fault = {0};
        if (!address_judge(ROWS[i].kind, ROWS[i].to, ROWS[i].secret, &fault)) {
            fail_msg("%s: %s: %s", ROWS[i].to, fault.field, fault.text);
        }
    }
}

/* ---- what is filled in ---- */

static void test_defaults(void **state)
{
    (void)state;
    struct user *user = read_user("{\"name\":\"ana\",\"contacts\":[{\"kind\":\"log\"},"
                                  "{\"name\":\"pager\",\"kind\":\"log\"}]}");
    assert_string_equal(user->full_name, "ana");
    assert_string_equal(user->time_zone, "UTC");
    assert_int_equal(user->language, LANGUAGE_EN);
    assert_null(user->rules);
    assert_non_null(user->quiet_hours);
    assert_ptr_equal(user_contact(user, "log"), g_ptr_array_index(user->contacts, 0));
    assert_ptr_equal(user_contact(user, "pager"), g_ptr_array_index(user->contacts, 1));
    assert_null(user_contact(user, "email"));
    assert_null(user_contact(user, NULL));
    record_free(&USER_RECORD, user);
}

struct rules_row {
    const char *name;
    const char *rules; /* JSON; NULL: none */
    const char *high;
    const char *low;
};

static const struct rules_row RULES[] = {
    {"none: every contact in order", NULL, "0s a, 2m b, 4m c", "0s a, 2m b, 4m c"},
    {"both",
     "{\"high\":[{\"after\":\"0s\",\"contact\":\"b\"}],\"low\":[{\"after\":\"5m\","
     "\"contact\":\"c\"}]}",
     "0s b", "5m c"},
    {"sorted by time, stable",
     "{\"high\":[{\"after\":\"3m\",\"contact\":\"c\"},{\"after\":\"0s\",\"contact\":\"b\"},"
     "{\"after\":\"0s\",\"contact\":\"a\"}],\"low\":[{\"after\":\"0s\",\"contact\":\"a\"}]}",
     "0s b, 0s a, 3m c", "0s a"},
    {"only high: low is the same", "{\"high\":[{\"after\":\"0s\",\"contact\":\"b\"}]}", "0s b",
     "0s b"},
    {"only low: high is the same", "{\"low\":[{\"after\":\"0s\",\"contact\":\"b\"}]}", "0s b",
     "0s b"},
    {"two empty lists never mean silence", "{\"high\":[],\"low\":[]}", "0s a, 2m b, 4m c",
     "0s a, 2m b, 4m c"},
};

static char *rules_text(const struct user *user, enum urgency urgency)
{
    g_autoptr(GPtrArray) rules = user_rules(user, urgency);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < rules->len; i++) {
        const struct rule *rule = g_ptr_array_index(rules, i);
        char after[UTC_TEXT_SIZE];
        span_format(rule->after, after);
        g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "", after, rule->contact);
    }
    return g_strdup(text->str);
}

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(RULES); i++) {
        const struct rules_row *row = &RULES[i];
        g_autofree char *text = g_strdup_printf(
            "{\"name\":\"ana\",\"contacts\":[{\"name\":\"a\",\"kind\":\"log\"},{\"name\":\"b\","
            "\"kind\":\"log\"},{\"name\":\"c\",\"kind\":\"log\"}],\"rules\":%s}",
            row->rules != NULL ? row->rules : "null");
        struct user *user = read_user(text);
        g_autofree char *high = rules_text(user, URGENCY_HIGH);
        g_autofree char *low = rules_text(user, URGENCY_LOW);
        if (strcmp(high, row->high) != 0 || strcmp(low, row->low) != 0) {
            fail_msg("%s: high %s; low %s", row->name, high, low);
        }
        record_free(&USER_RECORD, user);
    }
}

/* ---- who can be told ---- */

#define LOG "{\"kind\":\"log\"}"
#define WATCHED "{\"kind\":\"log\",\"watched\":true}"
#define MAIL "{\"kind\":\"email\",\"to\":\"a@b.org\"}"
#define RULE(contact) "[{\"after\":\"0s\",\"contact\":\"" contact "\"}]"

static void test_reach(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        const char *contacts; /* and what follows them */
        enum user_reach expected;
    } rows[] = {
        {"nothing", "[]", REACH_NO_CONTACT},
        {"mail", "[" MAIL "]", REACH_GOOD},
        {"a log", "[" LOG "]", REACH_ONLY_LOG},
        {"a log that is watched", "[" WATCHED "]", REACH_GOOD},
        {"a log that is not", "[{\"kind\":\"log\",\"watched\":false}]", REACH_ONLY_LOG},
        {"two logs", "[" LOG ",{\"name\":\"b\",\"kind\":\"log\"}]", REACH_ONLY_LOG},
        {"a log and mail", "[" LOG "," MAIL "]", REACH_GOOD},
        {"mail that no rule names", "[" LOG "," MAIL "],\"rules\":{\"high\":" RULE("log") "}",
         REACH_RULES_LOG},
        {"mail that only low urgency names",
         "[" LOG "," MAIL "],\"rules\":{\"high\":" RULE("log") ",\"low\":" RULE("email") "}",
         REACH_RULES_LOG},
        {"the log for low urgency",
         "[" LOG "," MAIL "],\"rules\":{\"high\":" RULE("email") ",\"low\":" RULE("log") "}",
         REACH_GOOD},
        {"rules for low urgency count for both",
         "[" LOG "," MAIL "],\"rules\":{\"low\":" RULE("log") "}", REACH_RULES_LOG},
        {"rules that name nothing", "[" LOG "," MAIL "],\"rules\":{\"high\":[]}", REACH_GOOD},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"name\":\"ana\",\"contacts\":%s}", rows[i].contacts);
        struct user *user = read_user(text);
        if (user_reach(user) != rows[i].expected) {
            fail_msg("%s: %s", rows[i].name, enum_to_name(USER_REACH_NAMES, (int)user_reach(user)));
        }
        bool is_good = rows[i].expected == REACH_GOOD;
        assert_int_equal(strlen(reach_remedy(rows[i].expected)) == 0, is_good);
        record_free(&USER_RECORD, user);
    }
    assert_int_equal(user_reach(NULL), REACH_NO_CONTACT);
}

static void test_without_contacts(void **state)
{
    (void)state;
    struct user *user = read_user("{\"name\":\"ana\"}");
    g_autoptr(GPtrArray) rules = user_rules(user, URGENCY_HIGH);
    assert_int_equal(rules->len, 0);
    record_free(&USER_RECORD, user);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct user *user = read_user(
        "{\"name\":\"ana\",\"full_name\":\"Ana Wijaya\",\"time_zone\":\"Asia/Jakarta\","
        "\"language\":\"zh-TW\",\"contacts\":[{\"kind\":\"email\",\"to\":\"ana@example.com\"}],"
        "\"rules\":{\"high\":[{\"after\":\"0s\",\"contact\":\"email\"}]},"
        "\"quiet_hours\":[{\"days\":\"sat,sun\",\"from\":\"22:00\",\"to\":\"07:00\"}]}");
    json_auto_t *once = record_write(&USER_RECORD, user);
    g_autofree char *text = json_write(once);
    struct user *again = read_user(text);
    json_auto_t *twice = record_write(&USER_RECORD, again);
    assert_true(json_equal(once, twice));
    assert_string_equal(json_text(once, "language", ""), "zh-TW");
    record_free(&USER_RECORD, user);
    record_free(&USER_RECORD, again);
}

static void addresses_are_shown_without_what_makes_them_work(void **state)
{
    (void)state;

    static const struct {
        const char *to, *shown;
    } ROWS[] = {
        {"https://hooks.slack.com/services/T0/B0/secret", "https://hooks.slack.com/…"},
        {"https://user:pass@ntfy.example.org:8443/topic?x=1", "https://ntfy.example.org:8443/…"},
        {"http://10.0.0.1", "http://10.0.0.1/…"},
        {"ana@example.org", "ana@example.org"},
        {"", ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *shown = address_shown(ROWS[i].to);
        assert_string_equal(shown, ROWS[i].shown);
    }
    assert_null(address_shown(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_shown_without_what_makes_them_work),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_addresses_taken),
        cmocka_unit_test(test_secrets_that_were_meant_as_references),
        cmocka_unit_test(test_a_blank_full_name_is_none),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_reach),
        cmocka_unit_test(test_without_contacts),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
