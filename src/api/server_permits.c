#include "api/server_permits.h"

const struct permit PERMIT_EVENT_READ = {"event.read", SCOPE_READ, NULL,
                                         "Read what happened, also live."};
const struct permit PERMIT_EVENT_VERIFY = {"event.verify", SCOPE_ADMIN, NULL,
                                           "Have the record of events checked."};
const struct permit PERMIT_NODE_READ = {"node.read", SCOPE_READ, NULL,
                                        "Read which servers share the database."};
const struct permit PERMIT_SERVER_EXAMINE = {
    "server.examine", SCOPE_ADMIN, NULL, "Have looked for what would keep a page from arriving."};
const struct permit PERMIT_SERVER_BACK_UP = {"server.back_up", SCOPE_ADMIN, NULL,
                                             "Make a copy of the database."};
