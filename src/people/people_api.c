/* Who is told: users, teams, chat channels. */
#include "api/section.h"

#include "people/people_permits.h"
#include "people/user.h"

SECTION(get_users, get_user, USER_KIND, USER_RECORD)
SECTION(get_teams, get_team, TEAM_KIND, TEAM_RECORD)
SECTION(get_channels, get_channel, CHAT_CHANNEL_KIND, CHAT_CHANNEL_RECORD)

static const struct route_row ROWS[] = {
    SECTION_LIST("/api/v1/users", PERMIT_USER_READ, get_users, "Everybody who can be told.",
                 USER_RECORD),
    SECTION_ONE("/api/v1/users/{name}", PERMIT_USER_READ, get_user, "One user.", USER_RECORD),
    SECTION_LIST("/api/v1/teams", PERMIT_TEAM_READ, get_teams, "Teams.", TEAM_RECORD),
    SECTION_ONE("/api/v1/teams/{name}", PERMIT_TEAM_READ, get_team, "One team.", TEAM_RECORD),
    SECTION_LIST("/api/v1/channels", PERMIT_CHANNEL_READ, get_channels,
                 "Chat channels that policies can tell.", CHAT_CHANNEL_RECORD),
    SECTION_ONE("/api/v1/channels/{name}", PERMIT_CHANNEL_READ, get_channel, "One chat channel.",
                CHAT_CHANNEL_RECORD),
};
const struct route_table PEOPLE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
