/* source/test_batch.h - what the tests of the doors read: JSON, and the signals made of it. Only for tests. */
#ifndef SOURCE_TEST_BATCH_H
#define SOURCE_TEST_BATCH_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <glib.h>

#include "source/source.h"

/* New reference; the test fails where the text is no JSON. */
static inline json_t *json_of(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
    if (value == NULL) {
        fail_msg("%s: %s", text, error.text);
    }
    return value;
}

/* Borrowed; the test fails where there are not so many. */
static inline const struct signal *signal_at(const struct batch *batch, guint i)
{
    assert_true(i < batch->signals->len);
    return g_ptr_array_index(batch->signals, i);
}

#endif
