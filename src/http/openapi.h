/* http/openapi.h - the inside of the OpenAPI document; only for the files of this folder. */
#ifndef HTTP_OPENAPI_H
#define HTTP_OPENAPI_H

#include "http/request.h"

/* The document while it is made. */
struct openapi {
    const struct openapi_about *about;
    json_t *schemas, *responses; /* of its components */
    json_t *permits;             /* by name */
};

/* Of a body of this record, or of a list of them; NULL: of any text. New reference. */
NODISCARD json_t *openapi_schema(const struct record *record, bool is_array);
/* What may be answered to a row, by status. New reference. */
NODISCARD json_t *openapi_answers(const struct openapi *openapi, const struct route_row *row);

#endif
