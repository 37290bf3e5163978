#include "paging/paging_permits.h"

const struct permit PERMIT_PAGE_FORESEE = {"page.foresee", SCOPE_READ, NULL,
                                           "Ask who would be told when."};
const struct permit PERMIT_MISS_READ = {"miss.read", SCOPE_READ, "user",
                                        "Read how many pages went on to somebody else."};
