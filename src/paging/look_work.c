/* Looking again before acting: is what waits still to be sent, and still to this person? */
#include <string.h>

#include "base/json.h"
#include "oncall/shift.h"
#include "paging/work.h"

/* A page that has told nobody for this long is judged against the schedule again. */
#define STALE_AFTER SPAN_MIN(1)

/* Has this page told its receiver anything yet? */
static bool has_told(struct db *db, int64_t page_id)
{
    GArray *notifications = notifications_of_page(db, page_id);
    bool is_told = false;
    for (guint i = 0; i < notifications->len; i++) {
        const struct notification *n = &g_array_index(notifications, struct notification, i);
        is_told |= n->state == NOTIFICATION_DELIVERED || n->tries > 0;
    }
    notifications_free(notifications);
    return is_told;
}

static bool is_still_on_call(const struct config *config, const struct page *page, const char *name,
                             struct utc now)
{
    const struct schedule *schedule = schedule_find(config, name);
    const char *users[8];
    size_t count =
        schedule != NULL ? oncall_names_at(schedule, now, users, G_N_ELEMENTS(users)) : 0;
    for (size_t i = 0; i < MIN(count, G_N_ELEMENTS(users)); i++) {
        if (strcmp(users[i], page->who) == 0) {
            return true;
        }
    }
    /* With nobody on call now there is no better person than the one it was meant for. */
    return count == 0;
}

/* The name of the schedule through which a page came; NULL when it did not. Newly allocated. */
static char *schedule_of(const struct page *page)
{
    struct fault fault;
    json_auto_t *reason = json_read(page->reason, strlen(page->reason), &fault);
    if (reason == NULL || strcmp(json_text(reason, "via", ""), "schedule") != 0) {
        return NULL;
    }
    return g_strdup(json_text(reason, "through", NULL));
}

static void move_page(struct pager *pager, struct ledger_tx *tx, struct page *page,
                      const struct topic *topic, const GPtrArray *tellings)
{
    json_t *data = json_pack("{s:s, s:I}", "from", page->who, "page", (json_int_t)page->id);
    topic_event(tx, PRINCIPAL_TOCSIN, &EVENT_PAGE_MOVED, topic->subject, data);
    escalation_wait_anew(tx->db, page, tx->now);
    page_close(tx, page, PAGE_MOVED);
    json_auto_t *circumstances = page_circumstances(page);
    const struct page_order order = {
        .topic = topic,
        .escalation_id = page->escalation_id,
        .step = page->step,
        .round = page->round,
        .urgency = page->urgency,
        .actor = PRINCIPAL_TOCSIN,
        .circumstances = circumstances,
    };
    pages_open(pager, tx, &order, tellings);
}

bool page_pass_on(struct pager *pager, struct ledger_tx *tx, struct page *page,
                  const struct topic *topic)
{
    g_autofree char *schedule_name = schedule_of(page);
    if (schedule_name == NULL || is_still_on_call(pager->config, page, schedule_name, tx->now)) {
        return false;
    }
    g_autoptr(GPtrArray) tellings = tellings_new();
    const struct target target = {.schedule = schedule_name};
    (void)target_resolve(pager->config, &target, tx->now,
                         &(const struct audience){.tellings = tellings});
    if (tellings->len > 0) {
        move_page(pager, tx, page, topic, tellings);
    }
    return tellings->len > 0;
}

/* The shift may have ended while nobody was told (an outage of ours, a long silence): then whoever
 * is on call now is paged instead. True when the page was moved. */
static bool move_if_stale(struct pager *pager, struct ledger_tx *tx, struct page *page,
                          const struct topic *topic)
{
    struct span age = utc_since(tx->now, page->created_at);
    bool is_stale = age.us >= STALE_AFTER.us || age.us < 0; /* the clock was set back since */
    return is_stale && !has_told(tx->db, page->id) && page_pass_on(pager, tx, page, topic);
}

bool notification_is_wanted(struct pager *pager, struct ledger_tx *tx, const struct notification *n,
                            struct topic *topic, struct utc *out_paged_at)
{
    struct page page = {0};
    bool wanted = topic_load(pager, tx->db, n->subject, topic) &&
                  page_load(tx->db, n->page_id, &page) && page_is_live(&page, topic);
    *out_paged_at = page.created_at;
    struct topic_hold hold;
    /* A person who pages somebody knows of the silence, or wants them in spite of it. */
    bool is_asked_for = page.escalation_id == 0;
    if (wanted && !is_asked_for && topic_is_held(pager->config, topic, tx->now, &hold)) {
        /* Silenced since: the escalation judges it at once, holds, and pages at the silence's end. */
        wanted = false;
        escalation_hurry(pager, tx, topic);
    }
    if (wanted && move_if_stale(pager, tx, &page, topic)) {
        wanted = false;
    }
    page_clear(&page);
    return wanted;
}
