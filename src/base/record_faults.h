/* base/record_faults.h - all that is wrong with a thing, where record_read stops at the first mistake. */
#ifndef BASE_RECORD_FAULTS_H
#define BASE_RECORD_FAULTS_H

#include "base/record.h"

/* Appends each mistake (struct fault) of `value`, as record_read would tell it if it were the only one. What can only
 * be judged of a whole is judged where all its parts can be read. */
void record_faults(const struct record *record, const json_t *value, GArray *out);

#endif
