#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "alert/kinds.h"
#include "config/config_plan.h"
#include "config/config_yaml.h"
#include "people/user.h"

/* Everything that documentation and examples show must be true: each file is planned. */

static const char *source_root;

static char *read_source(const char *path)
{
    g_autofree char *full = g_build_filename(source_root, path, NULL);
    char *text = NULL;
    if (!g_file_get_contents(full, &text, NULL, NULL)) {
        fail_msg("%s cannot be read", full);
    }
    return text;
}

static struct config_plan *plan(const char *what, const char *yaml, const GPtrArray *current)
{
    struct yaml_document document;
    struct fault fault = {0};
    struct config_plan *made = NULL;
    if (yaml_read(yaml, strlen(yaml), &document, &fault)) {
        struct plan_options options = {.is_from_file = true};
        made = config_plan_make(document.json, current, options, &fault);
    }
    g_autofree char *text = yaml_fault_text(what, &document, &fault);
    yaml_document_clear(&document);
    if (made == NULL) {
        fail_msg("%s", text);
    }
    return made;
}

static void test_files(void **state)
{
    (void)state;
    static const char *const FILES[] = {"examples/team.yaml", "fuzz/seeds/config_yaml/everything"};
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *yaml = read_source(FILES[i]);
        struct config_plan *made = plan(FILES[i], yaml, nothing);
        assert_true(made->changes->len > 0);
        config_plan_free(made);
    }
}

/* The first example is complete; each later one is applied after it. */
static void test_manual(void **state)
{
    (void)state;
    g_autofree char *manual = read_source("docs/configuration.md");
    g_auto(GStrv) parts = g_strsplit(manual, "```yaml\n", -1);
    g_autoptr(GPtrArray) current = g_ptr_array_new();
    struct config_plan *first = NULL;
    guint count = g_strv_length(parts) - 1;
    assert_true(count >= 8);
    for (guint i = 1; i <= count; i++) {
        g_autofree char *what = g_strdup_printf("example %u of the manual", i);
        char *end = strstr(parts[i], "```");
        assert_non_null(end);
        *end = '\0';
        struct config_plan *made = plan(what, parts[i], current);
        assert_true(made->changes->len > 0);
        if (first != NULL) {
            config_plan_free(made);
            continue;
        }
        first = made;
        for (guint j = 0; j < first->changes->len; j++) {
            const struct config_change *change = g_ptr_array_index(first->changes, j);
            g_ptr_array_add(current, change->object);
        }
    }
    config_plan_free(first);
}

/* Every field of every record is described. */
static void test_manual_names_every_field(void **state)
{
    (void)state;
    g_autofree char *manual = read_source("docs/configuration.md");
    for (size_t k = 0; k < config_kind_count(); k++) {
        const struct config_kind *kind = config_kind_at(k);
        const struct record *record = kind->record;
        g_autofree char *heading =
            g_strdup_printf("\n## %c%s\n", g_ascii_toupper(kind->section[0]), kind->section + 1);
        const char *start = strstr(manual, heading);
        if (start == NULL) {
            fail_msg("no section %s", heading);
        }
        const char *end = strstr(start + 1, "\n## ");
        g_autofree char *section = g_strndup(start, (gsize)(end - start));
        for (size_t i = 0; i < record->field_count; i++) {
            bool is_servers = strcmp(record->fields[i].name, "created_by") == 0 ||
                              (record->fields[i].flags & FIELD_READ_ONLY) != 0;
            g_autofree char *name = g_strdup_printf("`%s`", record->fields[i].name);
            if (!is_servers && strstr(section, name) == NULL) {
                fail_msg("%s is not described in %s", name, heading);
            }
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        return 2; /* the folder of the sources */
    }
    source_root = argv[1];
    config_register(CONFIG_KINDS);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_manual_names_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
