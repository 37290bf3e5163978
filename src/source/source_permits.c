#include "source/source_permits.h"

const struct permit PERMIT_PAYLOAD_READ = {"payload.read", SCOPE_RESPOND, "integration",
                                           "Read the last payloads of an integration."};
