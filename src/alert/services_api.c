/* What alerts are about, and the doors that they come in by. */
#include "api/section.h"

#include "alert/alert_permits.h"
#include "alert/service.h"

SECTION(get_services, get_service, SERVICE_KIND, SERVICE_RECORD)
SECTION(get_integrations, get_integration, INTEGRATION_KIND, INTEGRATION_RECORD)

static const struct route_row ROWS[] = {
    SECTION_LIST("/api/v1/services", PERMIT_SERVICE_READ, get_services, "Services.",
                 SERVICE_RECORD),
    SECTION_ONE("/api/v1/services/{name}", PERMIT_SERVICE_READ, get_service, "One service.",
                SERVICE_RECORD),
    SECTION_LIST("/api/v1/integrations", PERMIT_INTEGRATION_READ, get_integrations,
                 "Doors that alerts come in by.", INTEGRATION_RECORD),
    SECTION_ONE("/api/v1/integrations/{name}", PERMIT_INTEGRATION_READ, get_integration,
                "One integration.", INTEGRATION_RECORD),
};
const struct route_table SERVICE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
