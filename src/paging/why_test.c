/* The reason of a page, and the words that people wrote with it, as its receiver reads them. */
#include "alert/kinds.h"
#include "paging/why.h"
#include "people/user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct config *crew(void)
{
    struct config *config = config_create();
    struct user *user = g_new0(struct user, 1);
    user->name = g_strdup("ana");
    user->full_name = g_strdup("Ana Wijaya");
    assert_true(config_add(config, &USER_KIND, user));
    config_link(config);
    return config;
}

static void a_reason_reads_as_a_sentence(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        int language;
        const char *reason, *told, *note;
    } ROWS[] = {
        {"a layer without a name of its own", LANGUAGE_EN,
         "{\"via\":\"schedule\",\"through\":\"s\",\"layer\":\"layer 1\",\"step\":2}",
         "You are on call in schedule s, layer 1 (policy p, step 2).", NULL},
        {"the same in French", LANGUAGE_FR,
         "{\"via\":\"schedule\",\"through\":\"s\",\"layer\":\"layer 1\",\"step\":2}",
         "Vous êtes d’astreinte dans le planning s, niveau 1 (règle p, étape 2).", NULL},
        {"a layer with a name", LANGUAGE_EN,
         "{\"via\":\"schedule\",\"through\":\"s\",\"layer\":\"nights\",\"step\":1}",
         "You are on call in schedule s, layer nights (policy p, step 1).", NULL},
        {"a layer that is called only so", LANGUAGE_EN,
         "{\"via\":\"schedule\",\"through\":\"s\",\"layer\":\"layer \",\"step\":1}",
         "You are on call in schedule s, layer layer  (policy p, step 1).", NULL},
        {"by an override", LANGUAGE_EN,
         "{\"via\":\"schedule\",\"through\":\"s\",\"layer\":\"override\",\"step\":1,"
         "\"override\":\"dentist\"}",
         "You stand in by an override of schedule s (policy p, step 1).", "dentist"},
        {"a person asks", LANGUAGE_EN, "{\"asked_by\":\"user:ana\",\"note\":\"look\"}",
         "Ana Wijaya asked for you.", "look"},
        {"a person without a full name keeps the handle", LANGUAGE_EN,
         "{\"asked_by\":\"user:chen\"}", "chen asked for you.", NULL},
        {"whose hand it was is for the record", LANGUAGE_EN,
         "{\"asked_by\":\"user:ana\",\"by\":\"local\",\"note\":\"look\"}",
         "Ana Wijaya asked for you.", "look"},
        {"nobody who is known asks", LANGUAGE_EN, "{\"asked_by\":\"local\"}",
         "Somebody at the server itself asked for you.", NULL},
        {"a program asks", LANGUAGE_EN, "{\"asked_by\":\"token:ci\"}", "Token ci asked for you.",
         NULL},
        {"a silence has ended", LANGUAGE_EN,
         "{\"via\":\"user\",\"step\":1,\"silence\":\"works\",\"silence_comment\":\"new disks\"}",
         "Policy p names you in step 1.", "silence works has just ended: new disks"},
        {"no reason that can be read", LANGUAGE_EN, "{", "Policy p names you in step 0.", NULL},
    };

    struct config *config = crew();
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct why why;
        why_read(config, ROWS[i].language, ROWS[i].reason, "p", &why);
        if (strcmp(why.reason, ROWS[i].told) != 0 || g_strcmp0(why.note, ROWS[i].note) != 0) {
            fail_msg("%s: %s (%s)", ROWS[i].name, why.reason, why.note);
        }
        why_clear(&why);
    }
    config_unref(config);
}

int main(void)
{
    config_register(CONFIG_KINDS);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reason_reads_as_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
