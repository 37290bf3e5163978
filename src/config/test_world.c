#include "config/test_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "access/key_command.h"
#include "base/principal.h"
#include "config/config_yaml.h"
#include "db/test_database.h"

static struct utc fixed_wall(void *self)
{
    return *(struct utc *)self;
}

static struct span fixed_elapsed(void *self)
{
    return (struct span){((struct utc *)self)->us};
}

static void counting_fill(void *self, void *out, size_t size)
{
    unsigned char *next = self;
    for (size_t i = 0; i < size; i++) {
        ((unsigned char *)out)[i] = (*next)++;
    }
}

int world_open(void **state)
{
    struct world *world = g_new0(struct world, 1);
    world->now = (struct utc){1795000000000000};
    world->clock = (struct clock){fixed_wall, fixed_elapsed, &world->now};
    world->random = (struct random){counting_fill, &world->counter};
    world->where = test_database_create(":memory:");
    world->db = test_database_open(world->where, &world->clock);
    world->ledger = ledger_create(world->db, &world->clock, &world->random);
    ledger_add_events(world->ledger, KEY_EVENTS);
    ledger_add_events(world->ledger, CONFIG_EVENTS);
    ledger_judge_events(world->ledger);
    world->configs = config_holder_create();
    *state = world;
    return 0;
}

int world_close(void **state)
{
    struct world *world = *state;
    config_holder_destroy(&world->configs);
    ledger_destroy(&world->ledger);
    db_close(&world->db);
    test_database_drop(&world->where);
    g_free(world);
    return 0;
}

void world_run(struct world *world, enum command_result (*command)(struct ledger_tx *, void *),
               void *arg)
{
    struct config_command *base = arg;
    base->configs = world->configs;
    base->actor = PRINCIPAL_HERE;
    struct command one = {.run = command, .answer = config_command_answered, .arg = arg};
    ledger_run_batch(world->ledger, &one, 1);
}

json_t *world_parse(const char *yaml)
{
    struct yaml_document document;
    struct fault fault = {0};
    bool is_read = yaml_read(yaml, strlen(yaml), &document, &fault);
    assert_string_equal(fault.text, "");
    assert_true(is_read);
    json_t *json = json_incref(document.json);
    yaml_document_clear(&document);
    return json;
}

struct apply_config world_apply(struct world *world, const char *yaml, struct terms terms)
{
    json_auto_t *document = world_parse(yaml);
    json_auto_t *keys = terms.keys != NULL ? json_loads(terms.keys, 0, NULL) : NULL;
    struct apply_config self = {
        .document = document, .keys = keys, .dry_run = terms.dry_run, .prune = terms.prune};
    world_run(world, apply_config_run, &self);
    self.document = NULL;
    self.keys = NULL;
    return self;
}

int world_count(const struct apply_config *self, const char *action)
{
    assert_string_equal(self->base.fault.text, "");
    return (int)json_integer_value(json_object_get(self->plan, action));
}

void world_assert_counts(const struct apply_config *self, int created, int changed, int deleted)
{
    assert_int_equal(world_count(self, "created"), created);
    assert_int_equal(world_count(self, "changed"), changed);
    assert_int_equal(world_count(self, "deleted"), deleted);
}
