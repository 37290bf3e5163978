#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "tocsin: CHECK failed: %s (%s:%d)\n", condition, file, line);
    abort();
}
