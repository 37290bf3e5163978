/* http/test_guard.h - a guard for the tests: tokens "read", "respond" and "admin", each named as it is. */
#ifndef HTTP_TEST_GUARD_H
#define HTTP_TEST_GUARD_H

#include "http/http.h"

/* For rows; a path that is about "mine" is only for who is admin, as is the local socket's caller. */
extern const struct permit TEST_READ, TEST_RESPOND, TEST_ADMIN;

NODISCARD struct http_guard test_guard(void);
/* For a `recognize` of a test's own. */
NODISCARD struct caller *test_guard_let_in(const char *token);

/* "" for nobody. */
const char *test_guard_name(const struct caller *caller);
/* How many were let in and not forgotten. */
int test_guard_held(void);

#endif
