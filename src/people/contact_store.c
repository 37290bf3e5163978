#include "people/contact_store.h"

void contact_state_list(struct db *db, void (*each)(void *self, const struct contact_state *state),
                        void *self)
{
    struct db_query *q = db_query(db, "SELECT user_name, contact, address, verified_at, failed_at,"
                                      " failure FROM contact_state ORDER BY user_name, contact");
    while (db_step(q) == DB_ROW) {
        struct contact_state state = {.user = db_text(q, 0),
                                      .contact = db_text(q, 1),
                                      .address = db_text(q, 2),
                                      .verified_at = db_utc(q, 3),
                                      .failed_at = db_utc(q, 4),
                                      .failure = db_text(q, 5)};
        each(self, &state);
    }
}
