#include "app/secrets.h"

#include <glib.h>
#include <string.h>

#include "app/secret_file.h"
#include "base/json.h"
#include "people/address.h"

static char *refuse(struct fault *fault, const char *reference, const char *why)
{
    (void)fault_set(fault, "secret", "%.200s stands for no secret on this server: %s", reference,
                    why);
    return NULL;
}

static char *in_environment(const struct secrets *secrets, const char *reference,
                            struct fault *fault)
{
    const char *name = reference + strlen("env:");
    if (!g_str_has_prefix(name, SECRETS_PREFIX)) {
        return refuse(fault, reference,
                      "only variables whose names begin with " SECRETS_PREFIX
                      " are given to contacts; rename it");
    }
    const char *value = g_environ_getenv((char **)(uintptr_t)secrets->environment, name);
    return value != NULL ? g_strdup(value)
                         : refuse(fault, reference, "the variable is not set; set it and restart");
}

/* A message waits for a secret no longer than this; then it goes another way. */
#define FILE_PATIENCE SPAN_S(2)

static char *in_folder(const struct secrets *secrets, const char *reference, struct fault *fault)
{
    if (secrets->folder == NULL) {
        return refuse(fault, reference,
                      "no directory of secrets is set; start the server with --secrets-dir DIR");
    }
    char *text = NULL;
    switch (secret_file_read(secrets->folder, reference + strlen("file:"), FILE_PATIENCE, &text)) {
    case SECRET_FILE_READ:
        return g_strstrip(text);
    case SECRET_FILE_ABSENT:
        return refuse(fault, reference,
                      "there is no such file in the directory that --secrets-dir names");
    case SECRET_FILE_UNREADABLE:
        return refuse(fault, reference,
                      "it cannot be read as a file of one line; check what it is, and its mode");
    case SECRET_FILE_HANGS:
        break;
    }
    return refuse(fault, reference,
                  "its file system does not answer; look at the mount of --secrets-dir");
}

char *secrets_look_up(const struct secrets *secrets, const char *reference, struct fault *fault)
{
    char *secret = g_str_has_prefix(reference, "env:") ? in_environment(secrets, reference, fault)
                                                       : in_folder(secrets, reference, fault);
    static const char MARK[] = "\xef\xbb\xbf"; /* as editors of Windows put before a text */
    if (secret != NULL && g_str_has_prefix(secret, MARK)) {
        memmove(secret, secret + strlen(MARK), strlen(secret) - strlen(MARK) + 1);
    }
    bool is_line = secret != NULL && secret[0] != '\0' && strpbrk(secret, "\r\n") == NULL;
    if (secret != NULL && !is_line) {
        g_free(secret);
        return refuse(fault, reference, "it is empty, or more than one line");
    }
    return secret;
}

/* --- a whole document --- */

struct walk {
    const struct secrets *secrets;
    secret_missing_fn *each;
    void *self;
};

/* A contact without a name goes by its kind. */
static char *path_of(const char *list, const json_t *item, size_t at)
{
    g_autofree char *number = g_strdup_printf("%zu", at);
    const char *label = json_text(item, "name", json_text(item, "kind", number));
    return g_strdup_printf("%s.%s", list, label);
}

static void judge(const struct walk *walk, const json_t *holder, const char *path,
                  const char *whose)
{
    const char *reference = json_text(holder, "secret", "");
    if (!is_secret_reference(reference)) {
        return;
    }
    struct fault fault = {0};
    char *secret = secrets_look_up(walk->secrets, reference, &fault);
    if (secret == NULL) {
        g_autofree char *where = g_strconcat(path, ".secret", NULL);
        walk->each(walk->self, where, whose, fault.text);
        return;
    }
    explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

/* A channel's own secret, and those of a person's contacts. */
static void judge_entry(const struct walk *walk, json_t *entry, const char *path)
{
    const char *name = json_text(entry, "name", "");
    g_autofree char *room = g_strdup_printf("the channel %s", name);
    judge(walk, entry, path, room);
    const char *key;
    json_t *list;
    json_object_foreach (entry, key, list) {
        g_autofree char *deeper = g_strdup_printf("%s.%s", path, key);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *item = json_array_get(list, i);
            g_autofree char *at = path_of(deeper, item, i);
            const char *label = json_text(item, "name", json_text(item, "kind", ""));
            g_autofree char *person = g_strdup_printf("%s by %s", name, label);
            judge(walk, item, at, person);
        }
    }
}

void secrets_check(const struct secrets *secrets, const json_t *document, secret_missing_fn *each,
                   void *self)
{
    const struct walk walk = {secrets, each, self};
    const char *section;
    json_t *entries;
    json_object_foreach ((json_t *)(uintptr_t)document, section, entries) {
        for (size_t i = 0; i < json_array_size(entries); i++) {
            json_t *entry = json_array_get(entries, i);
            g_autofree char *path = path_of(section, entry, i);
            judge_entry(&walk, entry, path);
        }
    }
}
