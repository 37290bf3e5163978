/* app/team_file.h - a team file as it is read where it lies: YAML with its lines, and the keys that
 * its references name, taken from this process's environment and files. */
#ifndef APP_TEAM_FILE_H
#define APP_TEAM_FILE_H

#include "config/config_yaml.h"

struct team_file {
    char *path; /* "-" is standard input */
    struct yaml_document document;
    json_t *keys;  /* of config_resolve_keys */
    char *problem; /* why it could not be read: whole lines for a person */
};

/* False with `problem` set; clear it in both cases. */
NODISCARD bool team_file_read(struct team_file *file, const char *path,
                              const char *const *environment);
/* The same for a server, which must not hang in a file: neither this one nor one that a key lies in may be a pipe
 * or a device. */
NODISCARD bool team_file_read_plain(struct team_file *file, const char *path,
                                    const char *const *environment);
void team_file_clear(struct team_file *file);

/* "team.yaml:17: users[0].contacts: …" for a fault that somebody else found in the document; free
 * with g_free. */
NODISCARD char *team_file_fault(const struct team_file *file, const struct fault *fault);
/* A line for each of several, in the file's order. */
NODISCARD char *team_file_faults(const struct team_file *file, const struct fault *faults,
                                 size_t count);

#endif
