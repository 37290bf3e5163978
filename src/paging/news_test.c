/* What is news to whom, within one transaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/test_database.h"
#include "paging/mail_store.h"
#include "paging/paging_harness.h"

static int open_team(void **state)
{
    return paging_start(
        state, "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]}],"
               "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '2m'}],"
               " 'last_resort': {'user': 'ana'}}], 'services': [{'name': 'shop', 'policy': 'p'}]}");
}

static void settle_one(struct db *db, struct utc now)
{
    notification_settle(db, test_ask_int(db, "SELECT max(id) FROM notification"),
                        NOTIFICATION_FAILED, now);
}

static void cancel_all_of_subject(struct db *db, struct utc now)
{
    int64_t alert = test_ask_int(db, "SELECT max(subject_id) FROM notification");
    assert_int_equal(notification_cancel_all(db, alert_subject(alert), false, now), 1);
}

static void cancel_those_of_page(struct db *db, struct utc now)
{
    notifications_cancel_of_page(db, test_ask_int(db, "SELECT max(id) FROM page"), now);
}

static void settle_what_is_carried(struct db *db, struct utc now)
{
    carried_settle(db, test_ask_int(db, "SELECT max(id) FROM delivery"), NOTIFICATION_CANCELLED,
                   now);
}

static void give_up_what_is_carried(struct db *db, struct utc now)
{
    carried_wait_again(db, test_ask_int(db, "SELECT max(id) FROM delivery"),
                       (struct patience){.tries_max = 0, .unknown_max = 1}, now, now);
}

/* Whether it is known is asked once for many alerts of a batch, which may take the message back in between. */
static void what_a_batch_takes_back_told_nobody(void **state)
{
    static const struct {
        void (*take_back)(struct db *db, struct utc now);
        const char *before;
    } ways[] = {
        {settle_one, "UPDATE notification SET state = 1"},
        {cancel_all_of_subject, "UPDATE notification SET state = 1"},
        {cancel_those_of_page, "UPDATE notification SET state = 1"},
        {settle_what_is_carried, "UPDATE notification SET state = 2"},
        {give_up_what_is_carried, "UPDATE notification SET state = 2"},
    };
    struct paging *paging = *state;
    struct db *db = paging->db;
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        db_begin(db);
        (void)db_run(db_query(db, ways[i].before));
        int64_t mailbox = test_ask_int(db, "SELECT max(id) FROM mailbox");
        assert_true(news_is_known(db, mailbox, "shop", paging->now));
        assert_false(news_is_known(db, mailbox, "other", paging->now));
        ways[i].take_back(db, paging->now);
        assert_false(news_is_known(db, mailbox, "shop", paging->now));
        (void)db_run(db_query(db, ways[i].before));
        news_save(db, mailbox, "other", test_ask_int(db, "SELECT max(id) FROM notification"));
        assert_true(news_is_known(db, mailbox, "other", paging->now));
        db_rollback(db);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_batch_takes_back_told_nobody, open_team,
                                        paging_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
