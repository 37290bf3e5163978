#include "base/describe.h"

static json_t *number_schema(void)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]+$");
}

static json_t *object_schema(void)
{
    return json_pack("{s:s, s:b}", "type", "object", "additionalProperties", 1);
}

static json_t *labels_schema(void)
{
    return json_pack("{s:s, s:{s:s}}", "type", "object", "additionalProperties", "type", "string");
}

const struct field_codec SHAPE_NUMBER_CODEC = {.schema = number_schema};
const struct field_codec SHAPE_OBJECT_CODEC = {.schema = object_schema};
const struct field_codec SHAPE_LABELS_CODEC = {.schema = labels_schema};
