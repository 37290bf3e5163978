#include "oncall/oncall_permits.h"

const struct permit PERMIT_SCHEDULE_READ = {"schedule.read", SCOPE_READ, "schedule",
                                            "Read schedules, shifts and who is on call."};
const struct permit PERMIT_SCHEDULE_OVERRIDE = {"schedule.override", SCOPE_RESPOND, "schedule",
                                                "Put somebody else on call for a while."};
const struct permit PERMIT_ABSENCE_READ = {"absence.read", SCOPE_READ, NULL, "Read who is away."};
const struct permit PERMIT_ABSENCE_CHANGE = {"absence.change", SCOPE_RESPOND, NULL,
                                             "Take a person off duty, or bring them back."};
const struct permit PERMIT_POLICY_READ = {"policy.read", SCOPE_READ, "policy",
                                          "Read escalation policies."};
const struct permit PERMIT_FEED_READ = {"feed.read", SCOPE_READ, NULL,
                                        "List calendars that were given out."};
const struct permit PERMIT_FEED_CHANGE = {"feed.change", SCOPE_RESPOND, "feed",
                                          "Give out and end calendars' addresses."};
