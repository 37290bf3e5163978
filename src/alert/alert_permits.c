#include "alert/alert_permits.h"

const struct permit PERMIT_ALERT_READ = {"alert.read", SCOPE_READ, "alert",
                                         "Read alerts and why who was paged."};
const struct permit PERMIT_ALERT_RESPOND = {"alert.respond", SCOPE_RESPOND, "alert",
                                            "Acknowledge, resolve, snooze alerts."};
const struct permit PERMIT_ALERT_PAGE = {"alert.page", SCOPE_RESPOND, "alert",
                                         "Trigger and escalate alerts, and page people about them.",
                                         .roles = ROLE_BIT(ROLE_FRONTLINE)};
const struct permit PERMIT_SILENCE_READ = {"silence.read", SCOPE_READ, "silence", "Read silences."};
const struct permit PERMIT_SILENCE_CHANGE = {"silence.change", SCOPE_RESPOND, "silence",
                                             "Make and end silences."};
const struct permit PERMIT_SERVICE_READ = {"service.read", SCOPE_READ, "service", "Read services."};
const struct permit PERMIT_ROUTE_READ = {"route.read", SCOPE_READ, "route", "Read and try routes."};
const struct permit PERMIT_ROUTE_REPLAY = {"route.replay", SCOPE_RESPOND, NULL,
                                           "Try routes on the alerts that came."};
const struct permit PERMIT_INTEGRATION_READ = {"integration.read", SCOPE_READ, "integration",
                                               "Read integrations, without their keys."};
const struct permit PERMIT_INTEGRATION_KEY = {"integration.key", SCOPE_ADMIN, "integration",
                                              "Make a new key for an integration.",
                                              .is_delicate = true};
const struct permit PERMIT_HEARTBEAT_READ = {"heartbeat.read", SCOPE_READ, "heartbeat",
                                             "Read heartbeats and when they were heard."};
const struct permit PERMIT_HEARTBEAT_KEY = {"heartbeat.key", SCOPE_ADMIN, "heartbeat",
                                            "Make a new key for a heartbeat.", .is_delicate = true};
