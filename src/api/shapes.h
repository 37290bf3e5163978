/* api/shapes.h - what is taken and answered without a struct of its own: only described, for the OpenAPI
 * document. test/scenario/openapi_test.py holds each answer against it. */
#ifndef API_SHAPES_H
#define API_SHAPES_H

#include "base/describe.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define HTML_TYPE "text/html"
#define TEXT_TYPE "text/plain"
#define STREAM_TYPE "text/event-stream"

#define SHAPE_LABELS(name_, flags_) SHAPE_CODED(name_, SHAPE_LABELS_CODEC, flags_, NULL)

/* door_shapes.c: of doors */
extern const struct record WEBHOOK_SHAPE, ALERTS_ACCEPTED_SHAPE, PROMETHEUS_ALERT_SHAPE,
    PAGERDUTY_EVENT_SHAPE, PAGERDUTY_V1_SHAPE, PAGERDUTY_CHANGE_SHAPE, PAGERDUTY_ACCEPTED_SHAPE,
    PAGERDUTY_ACCEPTED_V1_SHAPE, PAGERDUTY_REFUSED_SHAPE, BEAT_TAKEN_SHAPE, PAYLOAD_SHAPE;

/* alertmanager_shapes.c: of Alertmanager's API v2 */
extern const struct record SHOWN_ALERT_SHAPE, SHOWN_GROUP_SHAPE, STATUS_SHAPE, RECEIVER_SHAPE,
    SHOWN_SILENCE_SHAPE, SENT_SILENCE_SHAPE, SILENCE_MADE_SHAPE;

/* answer_shapes.c: our own */
extern const struct record TOKEN_MADE_SHAPE, KEY_MADE_SHAPE, FEED_MADE_SHAPE, BACKUP_MADE_SHAPE,
    HEALTH_SHAPE, READY_SHAPE, EXPORTED_SHAPE, APPLIED_SHAPE, KEPT_OVERRIDE_SHAPE,
    ABSENCE_ENDED_SHAPE, REPORT_SHAPE, CHAIN_SHAPE, TEST_SENT_SHAPE, ROUTE_TESTED_SHAPE,
    OPENAPI_SHAPE, SIGN_IN_SHAPE, LINK_FORM_SHAPE;

/* A configuration: {"users": [{…}], …}. */
extern const struct field_codec CONFIG_DOCUMENT_CODEC;

/* explain_shapes.c */
extern const struct record EXPLANATION_SHAPE, WHATIF_SHAPE;

/* off_duty_api.c */
extern const struct record COVER_RECORD, UNCOVERED_RECORD;

#endif
