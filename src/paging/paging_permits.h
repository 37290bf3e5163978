/* paging/paging_permits.h - what may be asked of paging. */
#ifndef PAGING_PAGING_PERMITS_H
#define PAGING_PAGING_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_PAGE_FORESEE, PERMIT_MISS_READ;

#endif
