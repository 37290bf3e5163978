/* What a message says about its reason and its sender, in the receiver's language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "paging/brief.h"
#include "paging/paging_harness.h"

static const char TEAM[] =
    "{'users': ["
    " {'name': 'ana', 'full_name': 'Ana Wijaya', 'contacts': [{'kind': 'email', 'to': 'a@x.org'}]},"
    " {'name': 'eric', 'language': 'fr', 'contacts': [{'kind': 'email', 'to': 'e@x.org'}]},"
    " {'name': 'chen'}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'eric'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p', 'acknowledge_expires': '1h'}]}";

/* The oldest message, which is then taken as delivered. */
static char *take_text(struct paging *paging, const char *(*text_of)(const struct message *message))
{
    assert_true(paging->errands->len > 0);
    const struct errand *errand = g_ptr_array_index(paging->errands, 0);
    char *text = g_strdup(text_of(&errand->message));
    g_free(paging_settle(paging, SEND_DELIVERED));
    return text;
}

static const char *reason_of(const struct message *message)
{
    return message->reason;
}

static const char *detail_of(const struct message *message)
{
    return message->detail;
}

static void test_pages_name_their_sender(void **state)
{
    (void)state;

    static const struct {
        const char *actor, *user, *sender;
    } ROWS[] = {
        {"user:ana", "eric", "Ana Wijaya"},
        {"user:chen", "eric", "chen"},
        {"user:gone", "eric", "gone"},
        {"token:ci", "ana", "token ci"},
        {"local", "ana", "somebody at the server itself"},
        {"local", "eric", "une personne sur le serveur même"},
    };
    struct paging paging;
    paging_open(&paging, TEAM);
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct test_page test = {
            .pager = paging.pager, .user = ROWS[i].user, .actor = principal_read(ROWS[i].actor)};
        const struct command command = {.run = pager_test, .arg = &test};
        ledger_run_batch(paging.ledger, &command, 1);
        paging_pass(&paging, SPAN_S(50));
        g_autofree char *sender = take_text(&paging, detail_of);
        assert_string_equal(sender, ROWS[i].sender);
    }
    paging_close(&paging);
}

static void a_question_says_why_it_is_asked(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_autofree char *named = take_text(&paging, reason_of);
    assert_string_equal(named, "La règle p vous désigne à l’étape 1.");
    (void)paging_act(&paging, VERB_ACKNOWLEDGE, id, "user:eric");
    paging_pass(&paging, SPAN_H(1));
    g_autofree char *asked = take_text(&paging, reason_of);
    assert_string_equal(asked, "Vous avez pris cette alerte en charge.");
    (void)paging_page(&paging, id, "eric");
    g_autofree char *called = take_text(&paging, reason_of);
    assert_string_equal(called, "Ana Wijaya vous a fait appeler.");
    paging_close(&paging);
}

static void whoever_can_be_reached_hears_that_nobody_named_could(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_settle(&paging, SEND_REFUSED)); /* eric */
    paging_pass(&paging, SPAN_S(1));
    g_free(paging_settle(&paging, SEND_REFUSED)); /* ana, the last resort */
    paging_pass(&paging, SPAN_S(7));              /* eric's mailbox was given some seconds */
    g_autofree char *reason = take_text(&paging, reason_of);
    assert_string_equal(reason, "Aucune des personnes prévues par la règle n’a pu être jointe ; "
                                "d’autres sont donc prévenues.");
    paging_close(&paging);
}

static const char CREW[] =
    "{'users': ["
    " {'name': 'ana', 'full_name': 'Ana Wijaya', 'contacts': [{'kind': 'email', 'to': 'a@x.org'}]},"
    " {'name': 'budi', 'full_name': 'Budi Santoso',"
    "  'contacts': [{'kind': 'email', 'to': 'b@x.org'}]}],"
    "'channels': [{'name': 'ops', 'kind': 'log'}],"
    "'policies': [{'name': 'p', 'steps': ["
    "  {'notify': [{'user': 'ana'}, {'channel': 'ops'}], 'wait': '5m'},"
    "  {'notify': [{'user': 'budi'}], 'wait': '7m'}], 'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p', 'show': ['pod']}]}";

/* An alert with all that a sender may say. Answers its id. */
static int64_t signal_in_full(struct paging *paging)
{
    struct fault fault = {0};
    static const char DETAILS[] = "{\"labels\": {\"pod\": \"p-1\", \"zone\": \"eu\"},"
                                  " \"annotations\": {\"description\": \"Line one\\nline two\"}}";
    static const char LINKS[] = "[{\"href\": \"https://w.example/r\", \"text\": \"Runbook\"}]";
    struct take take = {
        .pager = paging->pager,
        .integration = "test",
        .service = "shop",
        .signal = {.action = SIGNAL_TRIGGER,
                   .dedup_key = g_strdup("k"),
                   .summary = g_strdup("Disk full"),
                   .severity = SEVERITY_CRITICAL,
                   .component = g_strdup("database"),
                   .details = json_read(DETAILS, strlen(DETAILS), &fault),
                   .links = json_read(LINKS, strlen(LINKS), &fault)},
    };
    const struct command command = {.run = pager_take, .arg = &take};
    ledger_run_batch(paging->ledger, &command, 1);
    take_clear(&take);
    paging_pass(paging, SPAN_S(0));
    return take.alert_id;
}

static void assert_names(const struct message_names *names, const char *expected)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < names->count; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", names->names[i]);
    }
    assert_string_equal(text->str, expected);
    g_string_free(text, TRUE);
}

/* The only message that waits to be sent, to that address. */
static const struct message *message_to(const struct paging *paging, const char *address)
{
    for (guint i = 0; i < paging->errands->len; i++) {
        const struct errand *errand = g_ptr_array_index(paging->errands, i);
        if (g_strcmp0(errand->address.to, address) == 0) {
            return &errand->message;
        }
    }
    fail_msg("nothing goes to %s", address);
    return NULL;
}

static void a_message_says_what_is_known_and_who_is_next(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, CREW);
    int64_t id = signal_in_full(&paging);
    const struct message *message = message_to(&paging, "a@x.org");
    const struct message_item *item = &message->items[0];
    assert_string_equal(item->description, "Line one\nline two");
    assert_string_equal(item->component, "database");
    assert_int_equal(item->label_count, 1); /* as the service says */
    assert_string_equal(item->labels[0].value, "p-1");
    assert_string_equal(item->links[0].value, "https://w.example/r");
    assert_names(&message->told, "channel ops");
    assert_names(&message->next, "Budi Santoso");
    assert_int_equal(message->next_at.us, utc_add(paging.now, SPAN_MIN(5)).us);
    g_free(paging_messages(&paging));

    paging_pass(&paging, SPAN_MIN(5));
    message = message_to(&paging, "b@x.org");
    assert_names(&message->told, "Ana Wijaya, channel ops");
    assert_names(&message->next, "Ana Wijaya"); /* the last resort */
    assert_int_equal(message->next_at.us, utc_add(paging.now, SPAN_MIN(7)).us);
    g_free(paging_messages(&paging));

    /* Somebody has it: nothing comes by itself. */
    (void)paging_act(&paging, VERB_ACKNOWLEDGE, id, "user:ana");
    (void)paging_page_saying(&paging, id, "budi", "you know this disk");
    message = message_to(&paging, "b@x.org");
    assert_string_equal(message->note, "you know this disk");
    assert_false(utc_is_set(message->next_at));
    assert_int_equal(message->next.count, 0);
    paging_close(&paging);
}

static void whom_nothing_reached_was_not_told(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, CREW);
    (void)signal_in_full(&paging);
    paging_settle_as(&paging, SEND_DELIVERED, "ana email: page 1");
    paging_settle_as(&paging, SEND_REFUSED, "channel:ops channel: page 1");
    paging_pass(&paging, SPAN_MIN(5));
    assert_names(&message_to(&paging, "b@x.org")->told, "Ana Wijaya");
    paging_close(&paging);
}

/* An override brings in another person, and a silence holds what comes. */
static const char OVERRIDDEN_AND_SILENT[] =
    "{'schedules': [{'name': 's', 'time_zone': 'UTC', 'layers': [{'people': ['ana'],"
    "  'every': '1w', 'start': '2026-01-01T00:00'}], 'overrides': [{'who': 'budi',"
    "  'from': '2026-01-05T09:00', 'to': '2026-01-05T18:00',"
    "  'comment': 'Ana is at the dentist'}]}],"
    " 'policies': [{'name': 'p', 'steps': [{'notify': [{'schedule': 's'}],"
    "  'wait': '5m'}], 'last_resort': {'user': 'ana'}}],"
    " 'silences': [{'name': 'works', 'comment': 'new disks', 'match': [{'field':"
    "  'service', 'value': 'shop'}], 'from': '2026-01-05T09:00:00Z',"
    "  'to': '2026-01-05T10:30:00Z'}]}";

static void what_people_wrote_comes_with_the_page(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, CREW);
    paging_apply(&paging, OVERRIDDEN_AND_SILENT);
    int64_t id = signal_in_full(&paging);
    assert_int_equal(paging.errands->len, 0);
    paging_pass(&paging, SPAN_MIN(30));
    const struct message *message = message_to(&paging, "b@x.org");
    assert_string_equal(message->note,
                        "Ana is at the dentist; silence works has just ended: new disks");
    assert_true(paging_events(&paging, id, "alert.silenced") == 1);
    g_free(paging_messages(&paging));
    /* The last resort comes neither by the override nor at the silence's end. */
    paging_pass(&paging, SPAN_MIN(5));
    assert_null(message_to(&paging, "a@x.org")->note);
    paging_close(&paging);
}

/* Also when it was taken away before its time; the note on what came next is about that. */
static void a_silence_that_was_removed_is_named(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, CREW);
    paging_apply(&paging, OVERRIDDEN_AND_SILENT);
    int64_t id = signal_in_full(&paging);
    paging_pass(&paging, SPAN_MIN(10));
    paging_apply(&paging, "{'silences': [{'name': 'works', 'match': [{'field': 'source', 'value':"
                          " 'another'}], 'from': '2026-01-05T09:00:00Z',"
                          " 'to': '2026-01-05T10:30:00Z'}]}");
    paging_pass(&paging, SPAN_S(1));
    assert_string_equal(message_to(&paging, "b@x.org")->note,
                        "Ana is at the dentist; silence works has just ended: new disks");
    g_free(paging_messages(&paging));
    assert_int_equal(paging_snooze(&paging, id, SPAN_MIN(10)), 200);
    paging_pass(&paging, SPAN_MIN(10)); /* this time it was the snooze that held it */
    assert_string_equal(message_to(&paging, "b@x.org")->note, "Ana is at the dentist");
    paging_close(&paging);
}

static void assert_why(struct paging *paging, int64_t alert_id, const char *who,
                       int64_t delivery_id, const char *reason, const char *note)
{
    struct why why;
    struct config *config = config_current(paging->configs);
    const struct brief_page of = {alert_subject(alert_id), who, delivery_id};
    assert_true(brief_why(paging->db, config, LANGUAGE_EN, &of, &why));
    assert_string_equal(why.reason, reason);
    assert_int_equal(g_strcmp0(why.note, note), 0);
    why_clear(&why);
    config_unref(config);
}

/* What a link shows: of the page that its message carried, or of the last one that its person got. */
static void a_link_says_why_its_person_was_paged(void **state)
{
    (void)state;
    static const char BY_STEP[] = "Policy p names you in step 2.";
    struct paging paging;
    struct why why;
    paging_open(&paging, CREW);
    int64_t id = signal_in_full(&paging);
    g_free(paging_messages(&paging));
    paging_pass(&paging, SPAN_MIN(5));
    (void)message_to(&paging, "b@x.org");
    int64_t delivery_id = ((struct errand *)g_ptr_array_index(paging.errands, 0))->delivery_id;
    g_free(paging_messages(&paging));
    assert_why(&paging, id, "budi", 0, BY_STEP, NULL);

    (void)paging_page_saying(&paging, id, "budi", "you know this disk");
    assert_why(&paging, id, "budi", 0, "Ana Wijaya asked for you.", "you know this disk");
    assert_why(&paging, id, "budi", delivery_id, BY_STEP, NULL);
    struct config *config = config_current(paging.configs);
    const struct brief_page of = {alert_subject(id), "citra", 0};
    assert_false(brief_why(paging.db, config, LANGUAGE_EN, &of, &why));
    config_unref(config);
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_says_why_its_person_was_paged),
        cmocka_unit_test(test_pages_name_their_sender),
        cmocka_unit_test(a_question_says_why_it_is_asked),
        cmocka_unit_test(whom_nothing_reached_was_not_told),
        cmocka_unit_test(what_people_wrote_comes_with_the_page),
        cmocka_unit_test(a_silence_that_was_removed_is_named),
        cmocka_unit_test(a_message_says_what_is_known_and_who_is_next),
        cmocka_unit_test(whoever_can_be_reached_hears_that_nobody_named_could),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
