#include "people/people_permits.h"

const struct permit PERMIT_USER_READ = {"user.read", SCOPE_READ, "user", "Read who can be told."};
const struct permit PERMIT_USER_TEST = {"user.test", SCOPE_RESPOND, "user",
                                        "Send a person a test message."};
const struct permit PERMIT_TEAM_READ = {"team.read", SCOPE_READ, "team", "Read teams."};
const struct permit PERMIT_CHANNEL_READ = {"channel.read", SCOPE_READ, "channel",
                                           "Read chat channels."};
const struct permit PERMIT_CHANNEL_TEST = {"channel.test", SCOPE_RESPOND, "channel",
                                           "Send a chat channel a test message."};
const struct permit PERMIT_ADDRESS_READ = {"address.read", SCOPE_ADMIN, NULL,
                                           "Read addresses whole that are as good as passwords."};
