/* api/shapes.h - what is taken and answered without a struct of its own: only described, for the OpenAPI
 * document. test/scenario/openapi_test.py holds each answer against it. */
#ifndef API_SHAPES_H
#define API_SHAPES_H

#include "base/describe.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define HTML_TYPE "text/html"
#define TEXT_TYPE "text/plain"
#define STREAM_TYPE "text/event-stream"

/* answer_shapes.c: of the server itself */
extern const struct record BACKUP_MADE_SHAPE, HEALTH_SHAPE, READY_SHAPE, REPORT_SHAPE, CHAIN_SHAPE,
    OPENAPI_SHAPE, SIGN_IN_SHAPE;

#endif
