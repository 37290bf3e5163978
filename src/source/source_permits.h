/* source/source_permits.h - what may be asked of what came in. */
#ifndef SOURCE_SOURCE_PERMITS_H
#define SOURCE_SOURCE_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_PAYLOAD_READ;

#endif
