#include "cli/secrets.h"

#include <glib.h>
#include <string.h>

#include "cli/secret_file.h"

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
