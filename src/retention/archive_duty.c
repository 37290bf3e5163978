#include "retention/archive_duty.h"

#include "base/log.h"
#include "source/payload_store.h"

#define FORGOTTEN                                                                          \
    "this server has no archive and %s had one: set TOCSIN_ARCHIVE here, too, or to none " \
    "where it is not wanted any more"

/* False: as it was. */
static bool hold(struct ledger_tx *tx, struct archive_state *kept)
{
    if (!utc_is_set(kept->failed_at)) {
        kept->failed_at = tx->now;
    }
    g_autofree char *why = g_strdup_printf(FORGOTTEN, kept->node != NULL ? kept->node : "another");
    if (g_strcmp0(kept->why, why) != 0) {
        LOG_WARN("archive", NULL, "nothing is deleted", "why", why);
        g_free(kept->why);
        kept->why = g_steal_pointer(&why);
        archive_state_save(tx->db, kept);
    }
    return false;
}

bool archive_duty_permits(struct ledger_tx *tx, struct archive_duty *duty)
{
    struct archive_state kept;
    bool is_kept = archive_state_load(tx->db, &kept);
    bool permits = true;
    switch (archive_mode(duty->archive)) {
    case ARCHIVE_SET:
        if (!is_kept) {
            kept.node = g_strdup(archive_node(duty->archive));
            archive_state_save(tx->db, &kept);
        }
        break;
    case ARCHIVE_NONE:
        if (is_kept) {
            archive_state_delete(tx->db);
        }
        break;
    case ARCHIVE_UNSET:
        permits = !is_kept || hold(tx, &kept);
        break;
    }
    archive_state_clear(&kept);
    return permits;
}

bool archive_duty_is_on(const struct archive_duty *duty)
{
    return archive_mode(duty->archive) == ARCHIVE_SET;
}

void archive_duty_want(struct archive_duty *duty, const struct archive_ask *ask)
{
    g_clear_pointer(&duty->list, archive_list_free);
    duty->ask = *ask;
    duty->has_ask = true;
    duty->is_asked = false;
}

bool archive_duty_has_none(const struct archive_duty *duty)
{
    return duty->has_ask;
}

static bool is_news(const struct archive_duty *duty)
{
    return archive_status_number(duty->archive) != duty->noted;
}

bool archive_duty_waits(struct archive_duty *duty)
{
    if (!duty->has_ask) {
        return false;
    }
    if (!duty->is_asked) {
        archive_ask(duty->archive, &duty->ask);
        duty->is_asked = true;
    }
    duty->list = archive_take(duty->archive);
    duty->listed = 0;
    duty->has_ask = duty->list == NULL;
    return duty->has_ask && !is_news(duty);
}

void archive_duty_note(struct ledger_tx *tx, struct archive_duty *duty)
{
    if (!archive_duty_is_on(duty) || !is_news(duty)) {
        return;
    }
    struct archive_state kept;
    struct archive_status status;
    (void)!archive_state_load(tx->db, &kept);
    archive_status(duty->archive, &status);
    g_free(kept.node);
    g_free(kept.why);
    kept.node = g_strdup(archive_node(duty->archive));
    kept.why = status.why;
    kept.failed_at = status.failed_at;
    kept.last_seq = MAX(kept.last_seq, status.last_seq);
    kept.archived_at = utc_later(kept.archived_at, status.archived_at);
    archive_state_save(tx->db, &kept);
    archive_state_clear(&kept);
    duty->noted = status.number;
}

/* As it was written out: what changed since is looked at again another time. */
static bool is_still(struct db *db, const struct archive_duty *duty,
                     const struct retention_cursor *item, struct utc before)
{
    struct retention_candidate found;
    const struct retention_cursor just_before = {item->over_at, item->id - 1};
    return retention_find(db, duty->list->ask.sort, before, &just_before, &found, 1) == 1 &&
           found.id == item->id && found.over_at.us == item->over_at.us &&
           retention_may_go(&found, before);
}

int64_t archive_duty_delete(struct ledger_tx *tx, struct archive_duty *duty, struct utc before,
                            int max, bool (*has_time)(const void *self), const void *self)
{
    int64_t gone = 0;
    for (int i = 0; i < max && !archive_duty_is_used_up(duty) && (i == 0 || has_time(self)); i++) {
        const struct retention_cursor *item =
            &g_array_index(duty->list->items, struct retention_cursor, duty->listed);
        duty->listed++;
        if (is_still(tx->db, duty, item, before)) {
            retention_delete(tx->db, duty->list->ask.sort, item->id);
            gone++;
        }
    }
    return gone;
}

int64_t archive_duty_delete_payloads(struct ledger_tx *tx, struct archive_duty *duty,
                                     struct utc before)
{
    int64_t gone = 0;
    for (guint i = 0; i < duty->list->payloads->len; i++) {
        const struct archive_payload *item = duty->list->payloads->pdata[i];
        if (utc_before(item->at, before)) {
            payload_delete(tx->db, item->integration, item->slot, item->at);
            gone++;
        }
    }
    return gone;
}

bool archive_duty_is_used_up(const struct archive_duty *duty)
{
    return duty->listed >= duty->list->items->len;
}

bool archive_duty_go_on(struct archive_duty *duty, struct utc before, struct utc now)
{
    bool has_more = !duty->list->is_end;
    struct archive_ask next = {duty->list->ask.sort, before, now, duty->list->reached};
    g_clear_pointer(&duty->list, archive_list_free);
    if (has_more) {
        archive_duty_want(duty, &next);
    }
    return has_more;
}

void archive_duty_cancel(struct archive_duty *duty)
{
    if (duty->archive != NULL && duty->has_ask) {
        archive_cancel(duty->archive);
    }
    g_clear_pointer(&duty->list, archive_list_free);
    duty->has_ask = duty->is_asked = false;
}
