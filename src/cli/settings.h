/* cli/settings.h - every setting of the program, described once.
 *
 * The table gives the flags of `tocsin serve`, the TOCSIN_* variables, the help and the manual. A flag
 * wins over a variable, a variable over the default. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <glib.h>

#include "base/fault.h"
#include "base/record.h"
#include "base/utc.h"

enum board { BOARD_TOKEN = 1, BOARD_OPEN };

enum smtp_tls { SMTP_TLS_AUTO = 1, SMTP_TLS_REQUIRED };

/* Texts are owned; NULL where nothing was set and there is no default. */
struct settings {
    char *listen;
    char *data;
    char *database_url; /* postgresql://…, with its password; NULL: a file in `data` */
    char *node_name, *node_address;
    char *config;
    char *public_url;
    char *trusted_proxies;
    char *smtp_url, *smtp_user, *smtp_password, *smtp_from, *smtp_hello;
    int smtp_tls; /* enum smtp_tls */
    char *ca_file;
    char *secrets_dir; /* NULL: contacts may name no file */
    char *allow_private;
    int board;      /* enum board */
    int log_format; /* enum log_format of base/log.h */
    int log_level;  /* enum log_level */
    int64_t threads;
    int64_t body_max, body_memory; /* bytes */
    int64_t alerts_per_request;
    struct span shutdown_drain;
    char *heartbeat_out;
    struct span heartbeat_out_every;
    char *archive; /* a directory, or "none" */
    char *user;
    /* For the commands that talk to a server. */
    char *url;
    char *token;
};

enum setting_kind { SETTING_TEXT = 1, SETTING_INT, SETTING_SPAN, SETTING_CHOICE };

/* Which commands have it as a flag. SETTING_STORE: those that go to the database by themselves. */
enum setting_scope { SETTING_SERVER = 1, SETTING_CLIENT = 2, SETTING_BOTH = 3, SETTING_STORE = 4 };

struct setting {
    const char *name; /* "public-url": the flag --public-url and the variable TOCSIN_PUBLIC_URL */
    int kind;
    unsigned scope; /* of enum setting_scope */
    bool is_secret; /* never shown; may be given as file:PATH */
    size_t offset;
    const char *initial;           /* in the form a person writes; NULL: not set */
    int64_t min, max;              /* SETTING_INT; SETTING_SPAN in microseconds; both 0: no bound */
    const struct enum_name *names; /* SETTING_CHOICE */
    const char *arg;               /* what the value is called in the help: "ADDRESS" */
    const char *doc;
};

extern const struct setting SETTINGS[];
extern const size_t SETTING_COUNT;

/* NULL when there is no such setting. */
const struct setting *setting_find(const char *name);
/* "TOCSIN_PUBLIC_URL"; free with g_free. */
NODISCARD char *setting_variable(const struct setting *setting);

/* Zeroed memory becomes the defaults. */
void settings_init(struct settings *settings);
void settings_clear(struct settings *settings);
/* As if this text had not been set, and without its default. */
void settings_forget(struct settings *settings, const struct setting *setting);

/* Reads one value in its written form: of a database its address, or nothing is taken. The fault names the setting as `called` (a flag or variable). */
NODISCARD bool settings_set(struct settings *settings, const struct setting *setting,
                            const char *called, const char *value, struct fault *fault);

/* Was this meant as the address of a database, be it a good one or not: "x://…", "host=… dbname=…"? */
NODISCARD bool settings_is_address(const char *text);

/* Takes all TOCSIN_* of `environment` ("NAME=value", NULL-ended, as environ). A variable that is
 * nearly one of ours, or begins with a word of ours, is refused with the names that may have been
 * meant, for a typing mistake must not pass in silence; others (keys that a team file names) are left
 * alone. An empty value counts as not set, but for the database's address, which it refuses. */
NODISCARD bool settings_from_environment(struct settings *settings, const char *const *environment,
                                         struct fault *fault);

/* The names of those that were left alone; NULL-ended, free with g_strfreev. */
NODISCARD char **settings_unknown(const char *const *environment);

/* The value in its written form ("[hidden]" for a secret), free with g_free; NULL when not set. */
NODISCARD char *settings_show(const struct settings *settings, const struct setting *setting);

/* What stands between settings: public_url and node_address are derived from listen, node_name from
 * the host, where they were not given. */
NODISCARD bool settings_finish(struct settings *settings, struct fault *fault);

/* Where the database is, for people: without a password. Free with g_free. */
NODISCARD char *settings_database_shown(const struct settings *settings);

#endif
