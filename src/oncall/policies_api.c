/* Escalation policies. */
#include "api/section.h"

#include "oncall/oncall_permits.h"
#include "oncall/policy.h"

SECTION(get_policies, get_policy, POLICY_KIND, POLICY_RECORD)

static const struct route_row ROWS[] = {
    SECTION_LIST("/api/v1/policies", PERMIT_POLICY_READ, get_policies, "Escalation policies.",
                 POLICY_RECORD),
    SECTION_ONE("/api/v1/policies/{name}", PERMIT_POLICY_READ, get_policy, "One escalation policy.",
                POLICY_RECORD),
};
const struct route_table POLICY_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
