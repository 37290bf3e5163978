#include "api/board_html.h"

#include <string.h>

#include "alert/alert_store.h"
#include "api/page_html.h"
#include "base/principal.h"
#include "channel/catalogue.h"
#include "paging/alert_topic.h"
#include "paging/mail_store.h"
#include "paging/page_store.h"
#include "paging/who.h"

enum { ALERTS_SHOWN = 100, NOTIFICATIONS_SHOWN = 50 };

/* --- alerts --- */

struct names {
    const struct board *board;
    GPtrArray *list;
};

static void take_name(void *self, const struct page *page)
{
    const struct names *names = self;
    char *name = who_receives(names->board->config, names->board->language, page->who);
    if (g_ptr_array_find_with_equal_func(names->list, name, g_str_equal, NULL)) {
        g_free(name);
    } else {
        g_ptr_array_add(names->list, name);
    }
}

static void labelled(const struct board *board, const char *key, const char *value)
{
    struct html *html = board->html;
    html_open(html, "span", NULL);
    html_text(html, catalogue_text(board->language, key));
    html_text(html, " ");
    html_element(html, "b", value, NULL);
    html_close(html);
}

static void write_paged(const struct board *board, const struct alert *alert)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    struct names taken = {board, names};
    page_list(board->db, alert_subject(alert->id), take_name, &taken);
    if (names->len == 0) {
        html_page_say(board->html, board->language, "span", NULL, "board.nobody_paged");
        return;
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *joined = g_strjoinv(", ", (char **)names->pdata);
    labelled(board, "board.paged", joined);
}

static void write_button(const struct board *board, const struct alert *alert)
{
    bool is_free = alert->status == ALERT_OPEN || alert_is_snoozed(alert);
    if (!board->can_act || !is_free) {
        return;
    }
    g_autofree char *action =
        g_strdup_printf("/board/alerts/%" G_GINT64_FORMAT "/acknowledge", alert->id);
    html_open(board->html, "form", "method", "post", "action", action, NULL);
    html_element(board->html, "button", catalogue_text(board->language, "ack.button"), "class",
                 "quiet", NULL);
    html_close(board->html);
}

static void write_alert(const struct board *board, const struct alert *alert)
{
    html_open(board->html, "li", "class", enum_to_name(SEVERITY_NAMES, alert->severity), NULL);
    html_page_alert(board->html, board->language, "UTC", alert);
    html_open(board->html, "p", "class", "facts", NULL);
    write_paged(board, alert);
    html_page_taken(board->html, board->config, board->language, "UTC", alert);
    html_close(board->html);
    write_button(board, alert);
    html_close(board->html);
}

static void write_none(const struct board *board, const char *key)
{
    html_page_say(board->html, board->language, "li", "empty", key);
}

/* --- notifications --- */

static const char *state_key(int state)
{
    switch ((enum delivery_state)state) {
    case DELIVERY_CLAIMED:
        return "delivery.claimed";
    case DELIVERY_DELIVERED:
        return "delivery.delivered";
    case DELIVERY_RETRY:
        return "delivery.retry";
    case DELIVERY_REFUSED:
        return "delivery.refused";
    case DELIVERY_UNKNOWN:
        return "delivery.unknown";
    case DELIVERY_CANCELLED:
        return "delivery.cancelled";
    }
    return "delivery.unknown";
}

/* What it was about: the newest of that stands for the rest. */
static void write_subject(const struct board *board, const struct delivery *delivery)
{
    struct subject subject = {0};
    struct topic topic = {0};
    if (delivery_subjects(board->db, delivery->id, &subject, 1) == 1 &&
        topic_load(board->pager, board->db, subject, &topic)) {
        html_element(board->html, "div", topic.summary, "class", "summary", NULL);
    }
    topic_clear(&topic);
    if (delivery->items > 1) {
        const struct catalogue_arg args[] = {{"count", NULL, delivery->items}, {NULL, NULL, 0}};
        g_autofree char *text = catalogue_format(board->language, "board.digest", args);
        html_element(board->html, "p", text, "class", "facts", NULL);
    }
}

static void write_delivery(void *self, const struct delivery *delivery)
{
    const struct board *board = self;
    struct html *html = board->html;
    const char *state = enum_to_name(DELIVERY_STATE_NAMES, delivery->state);
    g_autofree char *badge = g_strdup_printf("badge %s", state == NULL ? "" : state);
    const struct principal told = principal_of_receiver(delivery->who);
    g_autofree char *who = who_name(board->config, board->language, told);
    html_open(html, "li", NULL);
    html_open(html, "div", NULL);
    html_element(html, "b", who, NULL);
    if (told.kind == PRINCIPAL_USER) { /* which of their contacts; a channel has only itself */
        html_text(html, " \u00b7 ");
        html_text(html, delivery->contact);
    }
    html_text(html, " ");
    html_element(html, "span", catalogue_text(board->language, state_key(delivery->state)), "class",
                 badge, NULL);
    html_close(html);
    write_subject(board, delivery);
    html_open(html, "p", "class", "facts", NULL);
    html_page_time(html, board->language, "UTC", delivery->claimed_at);
    if (delivery->detail != NULL && delivery->state != DELIVERY_DELIVERED) {
        html_element(html, "span", delivery->detail, NULL);
    }
    html_close(html);
    html_close(html);
}

static void discard_delivery(void *count, const struct delivery *delivery)
{
    (void)delivery;
    ++*(int *)count;
}

/* "Open alerts 3"; "100+" when there are more than are shown. */
static void write_heading(const struct board *board, size_t count)
{
    struct html *html = board->html;
    html_open(html, "h2", NULL);
    html_text(html, catalogue_text(board->language, "board.alerts"));
    if (count > 0) {
        g_autofree char *text = g_strdup_printf("%zu%s", MIN(count, (size_t)ALERTS_SHOWN),
                                                count > ALERTS_SHOWN ? "+" : "");
        html_text(html, " ");
        html_element(html, "b", text, "id", "count", NULL);
    }
    html_close(html);
}

/* The worst first: below newer ones of less weight they would not be seen in a storm. */
static void write_alerts(const struct board *board)
{
    int64_t ids[ALERTS_SHOWN + 1];
    size_t count = alert_worst(board->db, ids, G_N_ELEMENTS(ids));
    write_heading(board, count);
    html_open(board->html, "ul", NULL);
    if (count == 0) {
        write_none(board, "board.no_alerts");
    }
    for (size_t i = 0; i < MIN(count, (size_t)ALERTS_SHOWN); i++) {
        struct alert alert = {0};
        if (alert_load(board->db, ids[i], &alert)) {
            write_alert(board, &alert);
        }
        alert_clear(&alert);
    }
    html_close(board->html);
}

static void write_notifications(struct board *board)
{
    html_page_say(board->html, board->language, "h2", NULL, "board.notifications");
    html_open(board->html, "ul", "class", "notifications", NULL);
    int count = 0;
    delivery_list(board->db, 0, 1, discard_delivery, &count);
    if (count == 0) {
        write_none(board, "board.no_notifications");
    }
    delivery_list(board->db, 0, NOTIFICATIONS_SHOWN, write_delivery, board);
    html_close(board->html);
}

void board_write(const struct board *board)
{
    struct board copy = *board;
    html_open(board->html, "section", NULL);
    write_alerts(board);
    html_close(board->html);
    html_open(board->html, "section", NULL);
    write_notifications(&copy);
    html_close(board->html);
}
