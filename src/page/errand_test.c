/* What a message says about its reason and its sender, in the receiver's language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page/paging_harness.h"

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
        {"token:ci", "ana", "ci"},
        {"local", "ana", "somebody at the server itself"},
        {"local", "eric", "une personne sur le serveur même"},
    };
    struct paging paging;
    paging_open(&paging, TEAM);
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct test_page test = {
            .pager = paging.pager, .user = ROWS[i].user, .actor = ROWS[i].actor};
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
    paging_pass(&paging, SPAN_S(1));
    g_autofree char *reason = take_text(&paging, reason_of);
    assert_string_equal(reason, "Aucune des personnes prévues par la règle n’a pu être jointe ; "
                                "d’autres sont donc prévenues.");
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_name_their_sender),
        cmocka_unit_test(a_question_says_why_it_is_asked),
        cmocka_unit_test(whoever_can_be_reached_hears_that_nobody_named_could),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
