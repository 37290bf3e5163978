/* db/server.h - what a PostgreSQL server says of itself, for the doctor: is what was committed there
 * safe, and is there room for us? */
#ifndef DB_SERVER_H
#define DB_SERVER_H

#include "db/db.h"

struct db_server {
    int64_t version_number; /* 150004 */
    char version[32];       /* "15.4" */
    bool is_read_only;      /* default_transaction_read_only */
    bool has_fsync, has_full_page_writes;
    char standby_names[256];   /* synchronous_standby_names */
    int64_t standbys_required; /* by these each commit waits for so many; 0: for none */
    int64_t standbys;          /* connected */
    bool can_see_standbys;     /* false: their state is hidden from our account */
    int64_t standbys_ready;    /* named, and may confirm a commit now or when another one stops */
    int64_t standbys_unnamed;  /* as good as these, but no commit waits for them */
    struct span lag; /* of the synchronous one that is furthest behind; 0 while all is quiet */
    int64_t connections, connections_max; /* of all accounts; without those kept for superusers */
    bool is_near;      /* our connection: by a socket of this machine, or loopback */
    bool is_encrypted; /* and by TLS or GSSAPI */
    struct utc now;    /* the server's clock, while it was asked */
};

/* In a transaction of any connection. False for a database file, or when the server could not be asked
 * (db_error). */
NODISCARD bool db_server_look(struct db *db, struct db_server *out);

/* The hosts of the address that must be asked of the resolver before each connection: names without an
 * address beside them (hostaddr). Free with g_strfreev; never NULL. */
NODISCARD char **db_hosts_to_resolve(const char *where);

/* So long nothing happens, and the server was there all the while; else db_error. Of a server only. */
void db_server_wait(struct db *db, int ms);

#endif
