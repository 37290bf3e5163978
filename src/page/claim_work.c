/* Claiming: what may be sent now, judged again in the transaction that takes it. */
#include <string.h>

#include "alert/alert_store.h"
#include "base/json.h"
#include "channel/catalogue.h"
#include "oncall/shift.h"
#include "page/errand.h"
#include "page/work.h"

/* A claimed delivery that was neither sent nor settled by then: its process is gone. Longer than any
 * attempt may take. */
#define LEASE SPAN_S(60)
/* A link that acknowledges lives this long. */
#define LINK_LIFE SPAN_D(3)
/* A page that has told nobody for this long is judged against the schedule again. */
#define STALE_AFTER SPAN_MIN(1)

enum { MAILBOXES_MAX = 64, LOOK_MAX = 50, RECENT_MAX = 64 };

void errand_free(struct errand *errand)
{
    if (errand != NULL) {
        g_string_chunk_free(errand->texts);
        g_free(errand);
    }
}

static void errand_destroy(gpointer errand)
{
    errand_free(errand);
}

/* --- look again before you act --- */

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
    const struct schedule *schedule = config_schedule(config, name);
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
                      const struct alert *alert, char *schedule_name)
{
    g_autoptr(GPtrArray) tellings = tellings_new();
    const struct target target = {.schedule = schedule_name};
    (void)target_resolve(pager->config, &target, tx->now, tellings);
    if (tellings->len == 0) {
        return;
    }
    char subject[32];
    alert_subject(alert->id, subject);
    json_auto_t *data = json_pack("{s:s, s:I}", "from", page->who, "page", (json_int_t)page->id);
    event_append(tx, "tocsin", "page.moved", subject, data);
    page_close(tx, page, PAGE_MOVED);
    for (guint i = 0; i < tellings->len; i++) {
        const struct page_order order = {
            .alert = alert,
            .escalation_id = page->escalation_id,
            .step = page->step,
            .round = page->round,
            .urgency = page->urgency,
            .telling = g_ptr_array_index(tellings, i),
            .actor = "tocsin",
        };
        page_open(pager, tx, &order);
    }
}

/* The shift may have ended while nobody was told (an outage of ours, a long silence): then whoever
 * is on call now is paged instead. True when the page was moved. */
static bool move_if_stale(struct pager *pager, struct ledger_tx *tx, struct page *page,
                          const struct alert *alert)
{
    if (utc_since(tx->now, page->created_at).us < STALE_AFTER.us) {
        return false;
    }
    g_autofree char *schedule_name = schedule_of(page);
    if (schedule_name == NULL || has_told(tx->db, page->id) ||
        is_still_on_call(pager->config, page, schedule_name, tx->now)) {
        return false;
    }
    move_page(pager, tx, page, alert, schedule_name);
    return true;
}

/* Is this page's notification still to be sent? Fills `alert` in either case. */
static bool is_wanted(struct pager *pager, struct ledger_tx *tx, const struct notification *n,
                      struct alert *alert)
{
    struct page page = {0};
    bool wanted = alert_load(tx->db, n->alert_id, alert) && page_load(tx->db, n->page_id, &page) &&
                  page_is_live(&page, alert);
    const char *silence = NULL;
    struct utc until;
    if (wanted && silence_holds(pager->config, alert, tx->now, &silence, &until)) {
        /* Silenced since: the escalation judges it at once, holds, and pages at the silence's end. */
        wanted = false;
        escalation_hurry(pager, tx, alert);
    }
    if (wanted && move_if_stale(pager, tx, &page, alert)) {
        wanted = false;
    }
    page_clear(&page);
    return wanted;
}

/* --- building the message --- */

static const char *keep(struct errand *errand, const char *text)
{
    return text != NULL ? g_string_chunk_insert(errand->texts, text) : NULL;
}

static void set_receiver(struct errand *errand, const struct config *config, const char *who)
{
    const struct user *user = config_user(config, who);
    const struct chat_channel *channel =
        g_str_has_prefix(who, "channel:") ? config_channel(config, who + strlen("channel:")) : NULL;
    struct message *message = &errand->message;
    if (user != NULL) {
        message->language = user->language;
        message->time_zone = keep(errand, user->time_zone);
        message->full_name = keep(errand, user->full_name != NULL ? user->full_name : user->name);
    } else if (channel != NULL) {
        message->language = channel->language;
        message->time_zone = keep(errand, channel->time_zone);
        message->full_name = keep(errand, channel->name);
    }
    if (message->language == 0) {
        message->language = LANGUAGE_EN;
    }
    if (message->time_zone == NULL) {
        message->time_zone = "UTC";
    }
}

static void add_item(struct errand *errand, const struct alert *alert)
{
    if (errand->message.item_count == ERRAND_ITEMS_MAX) {
        return;
    }
    errand->items[errand->message.item_count++] = (struct message_item){
        .alert_id = alert->id,
        .summary = keep(errand, alert->summary),
        .service = keep(errand, alert->service),
        .source = keep(errand, alert->source),
        .severity = alert->severity,
        .since = alert->first_at,
    };
}

static void set_link(struct errand *errand, const struct claim *claim, const char *who, int kind,
                     int64_t subject)
{
    struct link link = {
        .kind = kind,
        .subject = subject,
        .expires_at = utc_add(errand->message.now, LINK_LIFE),
    };
    char token[LINK_TOKEN_SIZE];
    g_strlcpy(link.user, who, sizeof link.user);
    link_write(&link, pager_link_key(claim->pager), token);
    g_autofree char *url = g_strconcat(claim->public_url, "/l/", token, NULL);
    errand->message.ack_url = keep(errand, url);
}

/* The name of the policy that an escalation walks, as it was when the alert came; "" for none. */
static char *policy_name(struct ledger_tx *tx, int64_t escalation_id)
{
    struct escalation escalation = {0};
    struct fault fault;
    if (escalation_id == 0 || !escalation_load(tx->db, escalation_id, &escalation)) {
        return g_strdup("");
    }
    g_autofree char *spec = policy_version_load(tx->db, escalation.policy_version);
    json_auto_t *policy = spec != NULL ? json_read(spec, strlen(spec), &fault) : NULL;
    return g_strdup(json_text(policy, "name", ""));
}

/* "You are told because …" in the receiver's language, from the page's reason. */
static void set_reason(struct errand *errand, struct ledger_tx *tx, int64_t page_id)
{
    struct page page = {0};
    struct fault fault;
    if (!page_load(tx->db, page_id, &page)) {
        return;
    }
    json_auto_t *reason = json_read(page.reason, strlen(page.reason), &fault);
    const bool is_override = strcmp(json_text(reason, "layer", ""), "override") == 0;
    const char *via = is_override ? "override" : json_text(reason, "via", "user");
    const bool is_asked = json_object_get(reason, "asked_by") != NULL;
    const bool is_last = json_object_get(reason, "last_resort") != NULL;
    g_autofree char *key =
        g_strconcat("why.", is_asked ? "asked" : (is_last ? "last_resort" : via), NULL);
    const char *through = json_text(reason, "through", "");
    g_autofree char *policy = policy_name(tx, page.escalation_id);
    const struct catalogue_arg args[] = {
        {"schedule", through, 0},
        {"team", through, 0},
        {"layer", json_text(reason, "layer", ""), 0},
        {"policy", policy, 0},
        {"actor", json_text(reason, "asked_by", ""), 0},
        {"step", NULL, json_integer_value(json_object_get(reason, "step"))},
        {NULL, NULL, 0},
    };
    g_autofree char *text = catalogue_format(errand->message.language, key, args);
    errand->message.reason = keep(errand, text);
    page_clear(&page);
}

static struct errand *errand_new(const struct delivery *delivery, const struct contact *contact,
                                 const struct config *config, struct utc now)
{
    struct errand *errand = g_new0(struct errand, 1);
    errand->texts = g_string_chunk_new(1024);
    errand->delivery_id = delivery->id;
    errand->address =
        (struct address){contact->kind, keep(errand, contact->to), keep(errand, contact->secret)};
    errand->message.items = errand->items;
    errand->message.now = now;
    errand->message.severity = delivery->severity;
    errand->message.urgency = delivery->urgency;
    errand->message.delivery_id = delivery->id;
    set_receiver(errand, config, delivery->who);
    return errand;
}

/* --- one mailbox --- */

/* Whether and what to send from a mailbox. */
struct look {
    struct claim *claim;
    struct mailbox mailbox;
    struct contact contact;
    GArray *waiting; /* of struct notification */
};

static void open_delivery(struct ledger_tx *tx, const struct look *look, int severity,
                          struct delivery *out)
{
    *out = (struct delivery){
        .mailbox_id = look->mailbox.id,
        .who = g_strdup(look->mailbox.who),
        .contact = g_strdup(look->mailbox.contact),
        .channel = look->contact.kind,
        .address = g_strdup(look->contact.to != NULL ? look->contact.to : ""),
        .urgency = look->mailbox.urgency,
        .severity = severity,
        .items = 1,
        .state = DELIVERY_CLAIMED,
        .claimed_at = tx->now,
        .lease_until = utc_add(tx->now, LEASE),
    };
    delivery_insert(tx->db, out);
}

static void set_message_id(struct errand *errand, char kind, int64_t id)
{
    g_autofree char *text = g_strdup_printf("%c%" G_GINT64_FORMAT, kind, id);
    errand->message.message_id = keep(errand, text);
}

/* "Still on it?" about every alert of which that is asked now: one message, not one for each. */
static void fill_question(struct ledger_tx *tx, const struct look *look, struct errand *errand,
                          struct delivery *delivery)
{
    int64_t alert_id = 0;
    delivery->items = 0;
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        struct alert alert = {0};
        if (n->kind != NOTIFICATION_STILL_ON_IT) {
            continue;
        }
        delivery_carry(tx->db, delivery->id, n->id);
        delivery->items++;
        alert_id = n->alert_id;
        if (alert_load(tx->db, n->alert_id, &alert)) {
            add_item(errand, &alert);
        }
        alert_clear(&alert);
    }
    delivery_save(tx->db, delivery);
    bool is_single = delivery->items == 1;
    errand->message.kind = MESSAGE_STILL_ON_IT;
    errand->message.total = (size_t)delivery->items;
    set_link(errand, look->claim, delivery->who, is_single ? LINK_ALERT : LINK_DELIVERY,
             is_single ? alert_id : delivery->id);
}

/* A test, a question or a warning goes as a message of its own. */
static struct errand *build_special(struct ledger_tx *tx, const struct look *look,
                                    const struct notification *n)
{
    struct delivery delivery;
    open_delivery(tx, look, n->severity, &delivery);
    struct errand *errand =
        errand_new(&delivery, &look->contact, look->claim->pager->config, tx->now);
    struct message *message = &errand->message;
    set_message_id(errand, 'n', n->id);
    message->may_repeat = n->tries > 0 && notification_may_have_arrived(tx->db, n->id);
    if (n->kind == NOTIFICATION_STILL_ON_IT) {
        fill_question(tx, look, errand, &delivery);
    } else {
        delivery_carry(tx->db, delivery.id, n->id);
        message->kind = n->kind == NOTIFICATION_TEST ? MESSAGE_TEST : MESSAGE_GAP;
        message->total = 1;
        message->detail = keep(errand, n->data);
        set_link(errand, look->claim, delivery.who, LINK_CONTACT, delivery.id);
    }
    delivery_clear(&delivery);
    return errand;
}

/* One page as itself, several as one digest. `wanted`: of indexes into look->waiting. */
static struct errand *build_pages(struct ledger_tx *tx, const struct look *look,
                                  const GArray *wanted)
{
    struct pager *pager = look->claim->pager;
    const struct notification *first =
        &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, 0));
    struct delivery delivery;
    open_delivery(tx, look, first->severity, &delivery);
    struct errand *errand = errand_new(&delivery, &look->contact, pager->config, tx->now);
    struct message *message = &errand->message;
    delivery.items = delivery_carry_pages(tx->db, &delivery, tx->now, message->by_severity);
    delivery_save(tx->db, &delivery);
    message->total = (size_t)delivery.items;
    for (guint i = 0; i < MIN(wanted->len, ERRAND_ITEMS_MAX); i++) {
        const struct notification *n =
            &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, i));
        struct alert alert = {0};
        if (alert_load(tx->db, n->alert_id, &alert)) {
            add_item(errand, &alert);
        }
        alert_clear(&alert);
        message->may_repeat |= n->tries > 0 && notification_may_have_arrived(tx->db, n->id);
    }
    bool is_single = message->total == 1;
    message->kind = is_single ? MESSAGE_PAGE : MESSAGE_DIGEST;
    set_reason(errand, tx, first->page_id);
    set_link(errand, look->claim, delivery.who, is_single ? LINK_ALERT : LINK_DELIVERY,
             is_single ? first->alert_id : delivery.id);
    set_message_id(errand, is_single ? 'n' : 'd', is_single ? first->id : delivery.id);
    delivery_clear(&delivery);
    return errand;
}

/* The person or the contact is gone from the configuration: whatever waits goes another way. */
static void abandon(struct ledger_tx *tx, struct look *look)
{
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        notification_settle(tx->db, n->id, NOTIFICATION_FAILED, tx->now);
        if (n->page_id != 0) {
            page_fall_back(look->claim->pager, tx, n->page_id, look->mailbox.contact);
        }
    }
}

static const struct notification *first_special(const GArray *waiting)
{
    for (guint i = 0; i < waiting->len; i++) {
        const struct notification *n = &g_array_index(waiting, struct notification, i);
        if (n->kind != NOTIFICATION_PAGE) {
            return n;
        }
    }
    return NULL;
}

static GArray *wanted_pages(struct ledger_tx *tx, const struct look *look)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        struct alert alert = {0};
        if (n->kind != NOTIFICATION_PAGE) {
            continue;
        }
        if (is_wanted(look->claim->pager, tx, n, &alert)) {
            g_array_append_val(wanted, i);
        } else {
            notification_settle(tx->db, n->id, NOTIFICATION_CANCELLED, tx->now);
        }
        alert_clear(&alert);
    }
    return wanted;
}

/* When the throttle lets a message of this severity go. */
static struct utc may_go_at(struct ledger_tx *tx, const struct mailbox *mailbox, int severity)
{
    struct sent recent[RECENT_MAX];
    size_t count = delivery_recent(tx->db, mailbox->id, tx->now, recent, RECENT_MAX);
    return throttle_judge(recent, count, severity, tx->now);
}

/* True when the throttle holds the mailbox back; then it is armed for the instant at which a message
 * of this severity may go. */
static bool is_held_back(struct ledger_tx *tx, struct look *look, int severity)
{
    struct utc at = may_go_at(tx, &look->mailbox, severity);
    if (!utc_before(tx->now, at)) {
        return false;
    }
    mailbox_rearm(tx->db, &look->mailbox);
    look->mailbox.next_at = at;
    mailbox_save(tx->db, &look->mailbox);
    mailbox_hold(look->claim->pager, look->mailbox.id, severity, at);
    return true;
}

/* Sends the most urgent thing of the mailbox if it may go. */
static struct errand *claim_waiting(struct ledger_tx *tx, struct look *look)
{
    g_autoptr(GArray) wanted = wanted_pages(tx, look);
    const struct notification *special = first_special(look->waiting);
    if (wanted->len == 0 && special == NULL) {
        mailbox_rearm(tx->db, &look->mailbox);
        return NULL;
    }
    const struct notification *next =
        wanted->len > 0
            ? &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, 0))
            : special;
    if (is_held_back(tx, look, next->severity)) {
        return NULL;
    }
    struct errand *errand =
        wanted->len > 0 ? build_pages(tx, look, wanted) : build_special(tx, look, special);
    mailbox_rearm(tx->db, &look->mailbox);
    return errand;
}

static void claim_mailbox(struct ledger_tx *tx, struct claim *claim, int64_t mailbox_id)
{
    struct look look = {.claim = claim};
    if (!mailbox_load(tx->db, mailbox_id, &look.mailbox)) {
        return;
    }
    look.waiting = notifications_waiting(tx->db, mailbox_id, tx->now, LOOK_MAX);
    struct errand *errand = NULL;
    if (receiver_contact(claim->pager->config, look.mailbox.who, look.mailbox.contact,
                         &look.contact)) {
        errand = claim_waiting(tx, &look);
    } else {
        abandon(tx, &look);
        mailbox_rearm(tx->db, &look.mailbox);
    }
    if (errand != NULL) {
        g_ptr_array_add(claim->errands, errand);
    }
    notifications_free(look.waiting);
    mailbox_clear(&look.mailbox);
}

enum command_result pager_claim(struct ledger_tx *tx, void *arg)
{
    struct claim *claim = arg;
    int64_t ids[MAILBOXES_MAX];
    g_clear_pointer(&claim->errands, g_ptr_array_unref); /* a batch may be run twice */
    claim->errands = g_ptr_array_new_with_free_func(errand_destroy);
    size_t count = mailbox_due(tx->db, tx->now, ids, CLAMP(claim->max, 1, MAILBOXES_MAX));
    pager_enter(claim->pager, tx);
    for (size_t i = 0; i < count; i++) {
        claim_mailbox(tx, claim, ids[i]);
    }
    pager_leave(claim->pager);
    claim->next_at = mailbox_next(tx->db);
    return COMMAND_DONE;
}
