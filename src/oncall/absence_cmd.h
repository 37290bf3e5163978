/* oncall/absence_cmd.h - what other commands tell of absences. */
#ifndef ONCALL_ABSENCE_CMD_H
#define ONCALL_ABSENCE_CMD_H

#include "cli/cli.h"

/* Tells on standard error when that person, whom somebody chose, is away now. */
void warn_of_absence(const struct cli *cli, const char *user);

#endif
