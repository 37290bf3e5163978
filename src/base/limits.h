/* base/limits.h - every maximum in one place. Sizes in bytes unless the name says otherwise. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    LIMIT_HEADER = 16384,         /* of a request, first line and cookies included */
    LIMIT_HEADER_PARTS = 256,     /* lines of it and parameters of its query */
    LIMIT_BODY = 1048576,         /* of a request whose row or caller has no limit of its own */
    LIMIT_BODY_INTAKE = 16777216, /* of alerts, from a known key, unless a setting says otherwise */
    LIMIT_BODY_FORM = 65536,      /* where anyone may send: forms of our pages */
    LIMIT_BODY_STRANGER = 524288, /* of one whose key is not known, or not yet */
    LIMIT_BODY_SOUGHT = 65536,    /* held of its beginning and of its end to look for a key in */
    LIMIT_BODY_GIFT = 4096,       /* of that: what the budget is not asked for */
    LIMIT_BODY_FORGOTTEN =
        67108864, /* of a refused request: read, so that the answer is seen; alerts have no such bound */
    LIMIT_STREAMS = 67108864, /* bytes held for all readers of streams that have not taken them */
    LIMIT_STREAMS_PER_READER = 100,  /* open at a time, by one token, or one address without */
    LIMIT_BODIES = 67108864,         /* of all bodies held at a time, of known callers; */
    LIMIT_BODIES_STRANGERS_PART = 8, /* the others have this part as much, of their own */
    LIMIT_JSON_DEPTH = 32,
    LIMIT_JSON_NODES = 50000,   /* values in one document; */
    LIMIT_ALERT_NODES = 200000, /* in one of alerts, however short: 10,000 alerts of 20 values; */
    LIMIT_JSON_NODE_BYTES = 16, /* in a larger one: one for each of so many bytes */
    LIMIT_JSON_MEMBER =
        32768, /* values in a part of an alert; what has more is never kept (LIMIT_DETAILS) */
    LIMIT_YAML = 4194304,
    LIMIT_CONFIG_NODES = 400000,      /* values in one configuration file */
    LIMIT_NAME = 100,                 /* of a user, service, schedule … */
    LIMIT_SUMMARY = 1024,             /* characters; a longer one is cut on intake, never refused */
    LIMIT_DEDUP_KEY = 255,            /* PagerDuty Events v2; longer ones are hashed */
    LIMIT_TEXT = 4096,                /* any other text field */
    LIMIT_DETAILS = 65536,            /* an alert's details as stored JSON */
    LIMIT_ALERTS_PER_REQUEST = 20000, /* unless a setting says otherwise; the rest is cut off */
    LIMIT_ALERTS_PER_COMMIT = 500,    /* of one request */
    LIMIT_PAYLOADS_KEPT = 20,         /* last payloads per integration */
    LIMIT_PAYLOAD_KEPT = 65536,       /* of each */
    LIMIT_LIST_PAGE = 200,            /* items a list answers at most */
    LIMIT_QUEUE_COMMANDS = 65536,     /* submitted and not yet in a batch; above: 503 */
    LIMIT_BATCH_COMMANDS = 512,       /* commands that share one transaction */
};

#endif
