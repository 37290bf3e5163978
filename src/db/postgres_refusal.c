/* What to do about a connection that did not come about, by what libpq says. */
#include "db/postgres.h"

#include <string.h>

/* The first whose needle is found; of several hosts' messages a server that answered says more than one
 * that did not. */
static const struct {
    const char *needle; /* in libpq's message, or in the server's that it passes on */
    const char *lead, *remedy;
} REFUSALS[] = {
    {"session is read-only", "no server in it takes writes",
     "name the primary as well, or promote a standby"},
    {"server is in hot standby mode", "no server in it takes writes",
     "name the primary as well, or promote a standby"},
    {"client certificate", "the database wants to know us by a certificate",
     "name it by sslcert=FILE and its key by sslkey=FILE"},
    {"certificate auth", "the database wants to know us by a certificate",
     "name it by sslcert=FILE and its key by sslkey=FILE"},
    {"password authentication failed", "the database refuses the account",
     "correct user and password: in the address, or in a file with the address (file:PATH)"},
    {"no password supplied", "the database wants a password",
     "put it into the address, or the address into a file (file:PATH)"},
    {"no pg_hba.conf entry", "the server lets nobody in that way",
     "add a line for this user, database and host to its pg_hba.conf, and reload it"},
    {"certificate verify failed", "cannot trust the database",
     "name the authority that signed for it by sslrootcert=FILE, and the host as its certificate "
     "does"},
    {"root certificate", "cannot trust the database",
     "name the authority that signed for it by sslrootcert=FILE, and the host as its certificate "
     "does"},
    {"server certificate", "cannot trust the database",
     "name the authority that signed for it by sslrootcert=FILE, and the host as its certificate "
     "does"},
    {"server does not support SSL", "the server does not speak TLS",
     "turn ssl on at the server, or leave sslmode out of the address"},
    {"could not translate host name", "the database's host is not known",
     "correct the name, put it into DNS or /etc/hosts, or give its number by hostaddr="},
};

/* libpq finds these before it calls anybody; it says which parameter it was. */
static bool is_wrong_word(const char *message)
{
    return g_str_has_prefix(message, "invalid ") && strstr(message, "FATAL") == NULL;
}

static bool refuse_missing(const char *message, const char *database, const char *user,
                           struct fault *fault)
{
    g_autofree char *no_database = g_strdup_printf("database \"%s\" does not exist", database);
    g_autofree char *no_role = g_strdup_printf("role \"%s\" does not exist", user);
    if (strstr(message, no_database) != NULL) {
        return fault_set(fault, "database-url",
                         "%s; create it: CREATE DATABASE %s OWNER %s ENCODING 'UTF8'", message,
                         database, user);
    }
    if (strstr(message, no_role) != NULL) {
        return fault_set(fault, "database-url",
                         "%s; correct the user in the address, or create it: CREATE ROLE %s LOGIN",
                         message, user);
    }
    return true;
}

bool postgres_refuse(const char *message, const char *database, const char *user,
                     struct fault *fault)
{
    if (!refuse_missing(message, database, user, fault)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
        if (strstr(message, REFUSALS[i].needle) != NULL) {
            return fault_set(fault, "database-url", "%s: %s; %s", REFUSALS[i].lead, message,
                             REFUSALS[i].remedy);
        }
    }
    if (is_wrong_word(message)) {
        return fault_set(fault, "database-url",
                         "%s; correct that parameter of the address (no server was asked)",
                         message);
    }
    return fault_set(fault, "database-url",
                     "cannot reach the database: %s; check host and port, that PostgreSQL runs "
                     "there, and that no firewall is between",
                     message);
}
