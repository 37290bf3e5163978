/* base/check.h - what must hold whatever the world does.
 *
 * CHECK is for our own bugs only and stays on in production: a failed one ends the process, and
 * start-up is recovery. Bytes that came from outside never reach a CHECK; they are judged and
 * refused with a struct fault instead. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

#define CHECK(condition)                                  \
    do {                                                  \
        if (__builtin_expect(!(condition), 0)) {          \
            check_failed(#condition, __FILE__, __LINE__); \
        }                                                 \
    } while (0)

/* Writes the condition and its place to stderr and aborts. */
_Noreturn void check_failed(const char *condition, const char *file, int line);

#endif
