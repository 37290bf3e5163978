/* base/fault.h - why something from outside was refused: which field, and what to do about it.
 *
 * A fault is a value on the caller's stack. Who finds the mistake names the field and writes a
 * sentence that says what is wrong and what would be right; each level on the way up puts its own
 * part of the path in front: "rules.high[0].after". */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/check.h"

enum { FAULT_FIELD_SIZE = 200, FAULT_TEXT_SIZE = 400 };

struct fault {
    char field[FAULT_FIELD_SIZE]; /* path in the input; "" when the whole is meant */
    char text[FAULT_TEXT_SIZE];   /* one sentence for a person; "" while there is no fault */
};

/* Always returns false, so that a parser can say `return fault_set(…)`. `field` may be "". */
PRINTF_LIKE(3, 4)
bool fault_set(struct fault *fault, const char *field, const char *format, ...);

/* Puts `parent` in front of the path: "after" becomes "high.after", "[0].after" "high[0].after". */
void fault_within(struct fault *fault, const char *parent);

/* The same for an element of a list: "after" becomes "[3].after". */
void fault_within_index(struct fault *fault, size_t index);

#endif
