/* people/people_permits.h - what may be done with people, teams and chat channels. */
#ifndef PEOPLE_PEOPLE_PERMITS_H
#define PEOPLE_PEOPLE_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_USER_READ, PERMIT_USER_TEST, PERMIT_TEAM_READ,
    PERMIT_CHANNEL_READ, PERMIT_CHANNEL_TEST, PERMIT_ADDRESS_READ;

#endif
