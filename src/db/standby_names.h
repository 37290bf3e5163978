/* db/standby_names.h - for how many standbys each commit of a PostgreSQL server waits: what its setting
 * synchronous_standby_names says. Pure. The form is that of PostgreSQL 15, "Replication" of the chapter
 * "Server Configuration", and holds since 10. */
#ifndef DB_STANDBY_NAMES_H
#define DB_STANDBY_NAMES_H

#include "base/check.h"

/* 0: no commit waits. Whether the first of the list are meant or any of it makes no difference to the number.
 * False for what PostgreSQL would not take either; then *out_required means nothing. */
NODISCARD bool standby_names_parse(const char *text, int *out_required);

#endif
