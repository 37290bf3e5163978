#include "http/test_guard.h"

#include <stdatomic.h>
#include <string.h>

/* Who http hands on, and looks into no more than it does into those of src/access. */
/* rules: allow struct: http knows neither, and so stand-ins may have their names */
struct permit {
    int least;
};

/* rules: allow struct: as above, of who calls */
struct caller {
    const char *name;
    int scope;
};

const struct permit TEST_READ = {1}, TEST_RESPOND = {2}, TEST_ADMIN = {3};
static atomic_int held;

static struct caller *let_in(const char *name, int scope)
{
    struct caller *caller = g_new0(struct caller, 1);
    *caller = (struct caller){name, scope};
    atomic_fetch_add(&held, 1);
    return caller;
}

struct caller *test_guard_let_in(const char *token)
{
    static const char *const NAMES[] = {"read", "respond", "admin"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(token, NAMES[i]) == 0) {
            return let_in(NAMES[i], i + 1);
        }
    }
    return NULL;
}

static struct caller *recognize(void *self, const char *token)
{
    (void)self;
    return test_guard_let_in(token);
}

static struct caller *local(void *self)
{
    (void)self;
    return let_in("local", TEST_ADMIN.least);
}

static bool may(void *self, const struct caller *caller, const struct permit *permit,
                const struct http_request *request)
{
    (void)self;
    return caller->scope >= permit->least &&
           (g_strcmp0(http_path_object(request), "mine") != 0 || caller->scope == TEST_ADMIN.least);
}

static void forget(struct caller *caller)
{
    g_free(caller);
    atomic_fetch_sub(&held, 1);
}

struct http_guard test_guard(void)
{
    return (struct http_guard){
        .recognize = recognize, .local = local, .may = may, .forget = forget};
}

const char *test_guard_name(const struct caller *caller)
{
    return caller == NULL ? "" : caller->name;
}

int test_guard_held(void)
{
    return atomic_load(&held);
}
