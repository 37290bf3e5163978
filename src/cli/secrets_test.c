/* Secrets that a configuration names: what may be named, and what is told about the rest. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/secret_file.h"
#include "cli/secrets.h"

static const char *const ENVIRONMENT[] = {"TOCSIN_SECRET_ANA=hush",
                                          "TOCSIN_SECRET_EMPTY=",
                                          "TOCSIN_SECRET_LINES=a\nb",
                                          "TOCSIN_SMTP_PASSWORD=ours",
                                          "TOCSIN_SECRETS_DIR=/x",
                                          "HOME=/root",
                                          NULL};

/* A directory of secrets as Kubernetes mounts one, and a file beside it. */
static int make_folder(void **state)
{
    char *base = g_dir_make_tmp("secrets-XXXXXX", NULL);

    const struct {
        const char *path, *text;
    } files[] = {
        {"dir/ntfy", "  tk_1\n"},
        {"dir/..v1/slack", "xoxb\n"},
        {"dir/lines", "a\nb\n"},
        {"dir/marked", "\xef\xbb\xbftk_2\r\n"},
        {"dir/empty", "\n"},
        {"beside", "not yours\n"},
        {"directory/near", "not yours\n"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(base, files[i].path, NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
        assert_true(g_file_set_contents(path, files[i].text, -1, NULL));
    }

    const struct {
        const char *to, *path;
    } links[] = {{"..v1", "dir/..data"}, {"..data/slack", "dir/slack"}, {"../beside", "dir/out"}};

    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autofree char *path = g_build_filename(base, links[i].path, NULL);
        assert_int_equal(symlink(links[i].to, path), 0);
    }
    g_autofree char *pipe = g_build_filename(base, "dir", "pipe", NULL);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    g_autofree char *large = g_build_filename(base, "dir", "large", NULL);
    g_autofree char *text = g_strnfill(5000, 'x');
    assert_true(g_file_set_contents(large, text, -1, NULL));
    *state = base;
    return 0;
}

static int remove_folder(void **state)
{
    g_autofree char *base = *state;
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", base);
    return g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL) ? 0 : -1;
}

static void names_only_what_was_set_aside(void **state)
{
    const char *base = *state;
    g_autofree char *folder = g_build_filename(base, "dir", NULL);
    g_autofree char *whole = g_strdup_printf("file:%s/ntfy", folder);
    g_autofree char *beside = g_strdup_printf("file:%s/beside", base);
    g_autofree char *near = g_strdup_printf("file:%s/directory/near", base);
    const struct secrets secrets = {ENVIRONMENT, folder};

    const struct {
        const char *reference, *secret, *why;
    } rows[] = {
        {"env:TOCSIN_SECRET_ANA", "hush", NULL},
        {"env:TOCSIN_SECRET_BOB", NULL, "is not set"},
        {"env:TOCSIN_SECRET_EMPTY", NULL, "empty"},
        {"env:TOCSIN_SECRET_LINES", NULL, "more than one line"},
        {"env:TOCSIN_SMTP_PASSWORD", NULL, "begin with TOCSIN_SECRET_"},
        {"env:TOCSIN_SECRETS_DIR", NULL, "begin with TOCSIN_SECRET_"},
        {"env:HOME", NULL, "begin with TOCSIN_SECRET_"},
        {"file:ntfy", "tk_1", NULL},
        {whole, "tk_1", NULL},
        {"file:slack", "xoxb", NULL},
        {"file:./ntfy", "tk_1", NULL},
        {"file:none", NULL, "no such file"},
        {"file:..", NULL, "no such file"},
        {"file:.", NULL, "no such file"},
        {"file:../beside", NULL, "no such file"},
        {"file:out", NULL, "no such file"},
        {beside, NULL, "no such file"},
        {near, NULL, "no such file"},
        {"file:/etc/hostname", NULL, "no such file"},
        {"file:pipe", NULL, "cannot be read"},
        {"file:..v1", NULL, "cannot be read"},
        {"file:large", NULL, "cannot be read"},
        {"file:lines", NULL, "more than one line"},
        {"file:marked", "tk_2", NULL},
        {"file:empty", NULL, "empty"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        g_autofree char *secret = secrets_look_up(&secrets, rows[i].reference, &fault);
        if (g_strcmp0(secret, rows[i].secret) != 0) {
            fail_msg("%s: \"%s\"", rows[i].reference, secret);
        }
        if (rows[i].why != NULL && strstr(fault.text, rows[i].why) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].reference, fault.text, rows[i].why);
        }
    }
}

/* A file system that does not answer until the gate is open. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static enum secret_file read_behind_gate(const char *folder, const char *path, char **out_text)
{
    (void)folder;
    pthread_mutex_lock(&gate.lock);
    while (strcmp(path, "away") == 0 && !gate.is_open) {
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    }
    pthread_mutex_unlock(&gate.lock);
    *out_text = g_strdup(path);
    return SECRET_FILE_READ;
}

static void open_gate(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static void a_file_that_hangs_keeps_nobody_else_waiting(void **state)
{
    (void)state;
    g_autofree char *text = NULL;
    secret_file_set_reader(read_behind_gate);
    assert_int_equal(secret_file_read("/s", "away", SPAN_MS(5), &text), SECRET_FILE_HANGS);
    assert_null(text);
    /* Known to hang: an hour is not waited for. */
    assert_int_equal(secret_file_read("/s", "away", SPAN_H(1), &text), SECRET_FILE_HANGS);
    const struct secrets secrets = {ENVIRONMENT, "/s"};
    struct fault fault = {0};
    assert_null(secrets_look_up(&secrets, "file:away", &fault));
    assert_non_null(strstr(fault.text, "file system does not answer"));
    assert_int_equal(secret_file_read("/s", "here", SPAN_H(1), &text), SECRET_FILE_READ);
    assert_string_equal(text, "here");
    open_gate();
    enum secret_file result = SECRET_FILE_HANGS;
    while (result == SECRET_FILE_HANGS) { /* until the thread that stayed behind has gone */
        g_clear_pointer(&text, g_free);
        result = secret_file_read("/s", "away", SPAN_H(1), &text);
    }
    assert_int_equal(result, SECRET_FILE_READ);
    assert_string_equal(text, "away");
    secret_file_set_reader(NULL);
}

static void without_a_directory_no_file_may_be_named(void **state)
{
    (void)state;
    const struct secrets secrets = {ENVIRONMENT, NULL};
    struct fault fault = {0};
    assert_null(secrets_look_up(&secrets, "file:/etc/hostname", &fault));
    assert_non_null(strstr(fault.text, "--secrets-dir"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_only_what_was_set_aside, make_folder, remove_folder),
        cmocka_unit_test(without_a_directory_no_file_may_be_named),
        cmocka_unit_test(a_file_that_hangs_keeps_nobody_else_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
