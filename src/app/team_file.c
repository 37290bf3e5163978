#include "app/team_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "config/config_work.h"

static bool read_stream(FILE *stream, GString *out)
{
    char buffer[16384];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, stream)) > 0) {
        g_string_append_len(out, buffer, (gssize)got);
        if (out->len > LIMIT_YAML) {
            break; /* yaml_read refuses it with the right words */
        }
    }
    return ferror(stream) == 0;
}

/* The stream of a regular file, without ever waiting for somebody who writes into a pipe. */
static FILE *open_plain(const char *path, bool *out_is_plain)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    *out_is_plain = fd < 0 || (fstat(fd, &about) == 0 && S_ISREG(about.st_mode));
    if (fd >= 0 && !*out_is_plain) {
        (void)close(fd);
        return NULL;
    }
    return fd >= 0 ? fdopen(fd, "r") : NULL;
}

static bool read_plain(struct team_file *file, GString *out)
{
    bool is_plain = true;
    FILE *stream = open_plain(file->path, &is_plain);
    if (!is_plain) {
        file->problem = g_strdup_printf(
            "%s cannot be read: it is no regular file (a pipe or a device may hang)", file->path);
    } else if (stream == NULL || !read_stream(stream, out)) {
        file->problem = g_strdup_printf("%s cannot be read: %s", file->path, g_strerror(errno));
    }
    if (stream != NULL) {
        fclose(stream);
    }
    return file->problem == NULL;
}

static bool read_bytes(struct team_file *file, GString *out)
{
    bool is_stdin = strcmp(file->path, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(file->path, "re");
    if (stream == NULL || !read_stream(stream, out)) {
        file->problem = g_strdup_printf("%s cannot be read: %s", file->path, g_strerror(errno));
    }
    if (stream != NULL && !is_stdin) {
        fclose(stream);
    }
    return file->problem == NULL;
}

static const char *read_env(void *self, const char *name)
{
    size_t length = strlen(name);
    for (const char *const *entry = self; *entry != NULL; entry++) {
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') {
            return *entry + length + 1;
        }
    }
    return NULL;
}

static char *read_file(void *self, const char *path)
{
    (void)self;
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

static char *read_plain_key(void *self, const char *path)
{
    (void)self;
    bool is_plain = true;
    g_autoptr(GString) text = g_string_new(NULL);
    FILE *stream = open_plain(path, &is_plain);
    bool is_read = stream != NULL && read_stream(stream, text);
    if (stream != NULL) {
        fclose(stream);
    }
    return is_read ? g_strdup(g_strchomp(text->str)) : NULL;
}

char *team_file_fault(const struct team_file *file, const struct fault *fault)
{
    return yaml_fault_text(file->path, &file->document, fault);
}

char *team_file_faults(const struct team_file *file, const struct fault *faults, size_t count)
{
    return yaml_faults_text(file->path, &file->document, faults, count);
}

static bool read_document(struct team_file *file, const GString *bytes,
                          const struct key_source *source)
{
    struct fault fault = {0};
    if (!yaml_read(bytes->str, bytes->len, &file->document, &fault)) {
        file->problem = team_file_fault(file, &fault);
        return false;
    }
    g_autoptr(GArray) faults = g_array_new(FALSE, FALSE, sizeof(struct fault));
    file->keys = config_resolve_keys(file->document.json, source, faults, &fault);
    if (file->keys == NULL) {
        file->problem = team_file_faults(file, (struct fault *)(void *)faults->data, faults->len);
        return false;
    }
    return true;
}

bool team_file_read(struct team_file *file, const char *path, const char *const *environment)
{
    *file = (struct team_file){.path = g_strdup(path)};
    g_autoptr(GString) bytes = g_string_new(NULL);
    struct key_source source = {read_env, read_file, (void *)(uintptr_t)environment};
    return read_bytes(file, bytes) && read_document(file, bytes, &source);
}

bool team_file_read_plain(struct team_file *file, const char *path, const char *const *environment)
{
    *file = (struct team_file){.path = g_strdup(path)};
    g_autoptr(GString) bytes = g_string_new(NULL);
    struct key_source source = {read_env, read_plain_key, (void *)(uintptr_t)environment};
    return read_plain(file, bytes) && read_document(file, bytes, &source);
}

void team_file_clear(struct team_file *file)
{
    yaml_document_clear(&file->document);
    g_clear_pointer(&file->keys, json_decref);
    g_clear_pointer(&file->path, g_free);
    g_clear_pointer(&file->problem, g_free);
}
