#include "alert/silence_work.h"

#include "alert/silence.h"
#include "config/config_command.h"
#include "config/config_store.h"

/* NULL: it is not one that can be given an end. */
static struct silence *endable(const struct config_object *object)
{
    struct fault fault;
    struct silence *silence = object == NULL || object->is_from_file
                                  ? NULL
                                  : record_new_stored(&SILENCE_RECORD, object->spec, &fault);
    if (silence != NULL && silence->windows->len > 0) {
        record_free(&SILENCE_RECORD, silence);
        return NULL;
    }
    return silence;
}

enum command_result end_silence_run(struct ledger_tx *tx, struct end_silence *end)
{
    config_command_begin(&end->del.base);
    end_silence_clear(end);
    end->put = (struct put_object){
        .base = end->del.base, .kind = &SILENCE_KIND, .keeps_maker = true, .skips_meaning = true};
    g_autoptr(GPtrArray) current = config_load_objects(tx->db);
    struct silence *silence = endable(config_find_object(current, &SILENCE_KIND, end->del.name));
    if (silence == NULL) {
        return delete_object_run(tx, &end->del);
    }
    struct utc change_at;
    enum command_result result = COMMAND_DONE;
    if (silence_state(silence, tx->now, &change_at) != SILENCE_OVER) {
        json_auto_t *spec = silence_ended(silence, tx->now);
        end->put.spec = spec;
        result = put_object_run(tx, &end->put);
        end->put.spec = NULL;
        end->del.base.status = end->put.base.status;
        end->del.base.fault = end->put.base.fault;
    }
    record_free(&SILENCE_RECORD, silence);
    return result;
}

void end_silence_clear(struct end_silence *end)
{
    put_object_clear(&end->put);
    g_clear_pointer(&end->put.base.next, config_unref);
}
