#include "account/account_command.h"

#include <sodium.h>
#include <string.h>

#include "account/account_events.h"
#include "account/account_store.h"
#include "base/json_set.h"
#include "config/config_check.h"

enum { TEXT_BYTES = 32, CSRF_BYTES = 24 };

/* --- what they share --- */

static void changed(struct ledger_tx *tx)
{
    account_changed(tx->db);
    ledger_mark_stale(tx, STALE_ACCOUNTS);
}

static struct subject about(const char *name)
{
    return subject_named(ACCOUNT_SUBJECT, name);
}

static void draw(struct ledger_tx *tx, const char *prefix, size_t bytes_size, char *out,
                 size_t size)
{
    unsigned char bytes[TEXT_BYTES];
    random_fill(ledger_random(tx), bytes, sizeof bytes);
    size_t length = g_strlcpy(out, prefix, size);
    CHECK(sodium_bin2base64(out + length, size - length, bytes, bytes_size,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING) != NULL);
    sodium_memzero(bytes, sizeof bytes);
}

static void draw_text(struct ledger_tx *tx, const char *prefix, char out[ACCOUNT_TEXT_SIZE],
                      unsigned char hash[KEY_HASH_SIZE])
{
    draw(tx, prefix, TEXT_BYTES, out, ACCOUNT_TEXT_SIZE);
    key_hash(out, hash);
}

/* --- who is left --- */

struct look_round {
    const struct config *config;
    GArray *standings; /* of struct account_standing */
    GPtrArray *names;  /* that they borrow */
};

static void add_standing(void *self, const struct account *account)
{
    struct look_round *look = self;
    const struct user *user = user_find(look->config, account->name);
    char *name = g_strdup(account->name);
    bool is_open = !account->is_disabled && user != NULL;
    struct account_standing standing = {.name = name,
                                        .role = account->role,
                                        .can_sign_in = is_open && account->password != NULL,
                                        .is_reached = is_open && user_reach(user) == REACH_GOOD};
    g_array_append_val(look->standings, standing);
    g_ptr_array_add(look->names, name);
}

static GArray *standings_of(struct ledger_tx *tx, const struct config *config, GPtrArray *names)
{
    struct look_round look = {config, g_array_new(FALSE, FALSE, sizeof(struct account_standing)),
                              names};
    account_list(tx->db, add_standing, &look);
    return look.standings;
}

static bool check_left(struct ledger_tx *tx, const struct config *config, const char *name,
                       int role, struct fault *fault)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) all = standings_of(tx, config, names);
    return account_check_left((const struct account_standing *)(const void *)all->data, all->len,
                              name, role, fault);
}

static bool has_owner(struct ledger_tx *tx, const struct config *config)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) all = standings_of(tx, config, names);
    for (guint i = 0; i < all->len; i++) {
        const struct account_standing *at = &g_array_index(all, struct account_standing, i);
        if (at->role == ROLE_OWNER && at->can_sign_in) {
            return true;
        }
    }
    return false;
}

/* --- orders --- */

static enum command_result refuse(struct account_order *order, int status)
{
    order->status = status;
    return COMMAND_REFUSED;
}

/* `name` NULL: nobody's yet. That one is made at each start and is no event, for nothing has happened; what is made of
 * it is. */
static void make_link(struct ledger_tx *tx, struct account_order *order, int kind, const char *name)
{
    struct link_row link = {.kind = kind,
                            .account = (char *)(uintptr_t)name,
                            .made_at = tx->now,
                            .expires_at =
                                utc_add(tx->now, account_link_lasts((enum account_link)kind))};
    draw_text(tx, "tcn_link_", order->text, link.hash);
    link_end_old(tx->db, tx->now);
    link_insert(tx->db, &link);
    order->expires_at = link.expires_at;
    if (name != NULL) {
        json_auto_t *data = json_pack("{s:s, s:o}", "link", enum_to_name(ACCOUNT_LINK_NAMES, kind),
                                      "expires_at", json_utc(link.expires_at));
        event_append(tx, order->actor, &EVENT_ACCOUNT_LINK_MADE, about(name), data);
    }
}

static bool check_create(struct account_order *order, const struct config *config, bool is_there)
{
    order->fault = (struct fault){0};
    if (!account_check_rank(order->authority, 0, order->role, &order->fault)) {
        order->status = 403;
        return false;
    }
    if (user_find(config, order->name) == NULL) {
        (void)config_unknown(config, &USER_KIND, order->name, &order->fault);
        (void)g_strlcpy(order->fault.field, "name", sizeof order->fault.field);
        order->status = 422;
        return false;
    }
    if (is_there) {
        order->status = 409;
        return fault_set(&order->fault, "name",
                         "%s has an account; `tocsin account invite %s` gives them a new link",
                         order->name, order->name);
    }
    return true;
}

/* `run` with the configuration as the transaction sees it. */
static enum command_result judge(struct ledger_tx *tx, struct account_order *order,
                                 enum command_result (*run)(struct ledger_tx *tx,
                                                            struct account_order *order,
                                                            const struct config *config))
{
    struct config *config = config_in(order->configs, tx);
    enum command_result result = run(tx, order, config);
    config_unref(config);
    return result;
}

static enum command_result create(struct ledger_tx *tx, struct account_order *order,
                                  const struct config *config)
{
    struct account known;
    bool is_there = account_load(tx->db, order->name, &known);
    account_clear(&known);
    if (!check_create(order, config, is_there)) {
        return COMMAND_REFUSED;
    }
    struct account account = {.name = (char *)(uintptr_t)order->name,
                              .role = order->role,
                              .password = (char *)(uintptr_t)order->password,
                              .created_at = tx->now};
    account.password_at = order->password != NULL ? tx->now : (struct utc){0};
    account_put(tx->db, &account);
    json_auto_t *data = json_pack("{s:s}", "role", enum_to_name(ROLE_NAMES, order->role));
    event_append(tx, order->actor, &EVENT_ACCOUNT_CREATED, about(order->name), data);
    order->text[0] = '\0';
    if (order->password == NULL) {
        make_link(tx, order, LINK_INVITE, order->name);
    }
    changed(tx);
    return COMMAND_DONE;
}

/* The account, to be cleared; false after refusing. */
static bool begin(struct ledger_tx *tx, struct account_order *order, const struct config *config,
                  int after, struct account *out)
{
    order->fault = (struct fault){0};
    if (!account_load(tx->db, order->name, out)) {
        order->status = 404;
        bool is_user = user_find(config, order->name) != NULL;
        return is_user ? fault_set(
                             &order->fault, "name",
                             "%s has no account; `tocsin account create %s --role ROLE` makes one",
                             order->name, order->name)
                       : config_unknown(config, &USER_KIND, order->name, &order->fault);
    }
    if (!account_check_rank(order->authority, out->role, after, &order->fault)) {
        order->status = 403;
        account_clear(out);
        return false;
    }
    return true;
}

static enum command_result keep(struct ledger_tx *tx, struct account *account)
{
    account_put(tx->db, account);
    account_clear(account);
    changed(tx);
    return COMMAND_DONE;
}

static enum command_result change_role(struct ledger_tx *tx, struct account_order *order,
                                       const struct config *config)
{
    struct account account;
    if (!begin(tx, order, config, order->role, &account)) {
        return COMMAND_REFUSED;
    }
    if (!account.is_disabled && !check_left(tx, config, order->name, order->role, &order->fault)) {
        account_clear(&account);
        return refuse(order, 409);
    }
    if (account.role == order->role) {
        account_clear(&account);
        return COMMAND_DONE;
    }
    json_auto_t *data = json_pack("{s:s, s:s}", "role", enum_to_name(ROLE_NAMES, order->role),
                                  "role_before", enum_to_name(ROLE_NAMES, account.role));
    account.role = order->role;
    /* Whoever may do more, or less, signs in anew. */
    (void)session_end_others(tx->db, order->name, 0);
    event_append(tx, order->actor, &EVENT_ACCOUNT_ROLE_CHANGED, about(order->name), data);
    return keep(tx, &account);
}

static enum command_result disable(struct ledger_tx *tx, struct account_order *order,
                                   const struct config *config)
{
    struct account account;
    if (!begin(tx, order, config, 0, &account)) {
        return COMMAND_REFUSED;
    }
    if (account.is_disabled) {
        account_clear(&account);
        return COMMAND_DONE;
    }
    if (!check_left(tx, config, order->name, 0, &order->fault)) {
        account_clear(&account);
        return refuse(order, 409);
    }
    account.is_disabled = true;
    (void)session_end_others(tx->db, order->name, 0);
    link_end_of(tx->db, order->name);
    event_append(tx, order->actor, &EVENT_ACCOUNT_DISABLED, about(order->name), NULL);
    return keep(tx, &account);
}

static enum command_result enable(struct ledger_tx *tx, struct account_order *order,
                                  const struct config *config)
{
    struct account account;
    if (!begin(tx, order, config, 0, &account)) {
        return COMMAND_REFUSED;
    }
    if (!account.is_disabled) {
        account_clear(&account);
        return COMMAND_DONE;
    }
    account.is_disabled = false;
    event_append(tx, order->actor, &EVENT_ACCOUNT_ENABLED, about(order->name), NULL);
    return keep(tx, &account);
}

static enum command_result give_link(struct ledger_tx *tx, struct account_order *order,
                                     const struct config *config)
{
    struct account account;
    if (!begin(tx, order, config, 0, &account)) {
        return COMMAND_REFUSED;
    }
    bool is_disabled = account.is_disabled;
    account_clear(&account);
    if (is_disabled) {
        (void)fault_set(&order->fault, "name",
                        "the account of %s is disabled; `tocsin account enable %s` opens it again",
                        order->name, order->name);
        return refuse(order, 409);
    }
    link_end_of(tx->db, order->name); /* the one of before */
    make_link(tx, order, order->link, order->name);
    return COMMAND_DONE;
}

static enum command_result give_owner_link(struct ledger_tx *tx, struct account_order *order,
                                           const struct config *config)
{
    if (has_owner(tx, config)) {
        return refuse(order, 0);
    }
    if (config_items(config, &USER_KIND)->len == 0) {
        return refuse(order, 404);
    }
    make_link(tx, order, LINK_OWNER, NULL);
    return COMMAND_DONE;
}

#define ORDER(name, run)                                                        \
    enum command_result name(struct ledger_tx *tx, struct account_order *order) \
    {                                                                           \
        return judge(tx, order, run);                                           \
    }
ORDER(account_create, create)
ORDER(account_change_role, change_role)
ORDER(account_disable, disable)
ORDER(account_enable, enable)
ORDER(account_make_link, give_link)
ORDER(account_make_owner_link, give_owner_link)

/* --- signing in --- */

static void open_session(struct ledger_tx *tx, struct account_entry *entry, int role)
{
    char csrf[48];
    unsigned char before[KEY_HASH_SIZE];
    draw(tx, "", CSRF_BYTES, csrf, sizeof csrf);
    struct session session = {.account = entry->name,
                              .csrf = csrf,
                              .made_at = tx->now,
                              .seen_at = tx->now,
                              .checked_at = tx->now,
                              .ends_at = utc_add(tx->now, SESSION_LONGEST),
                              .agent = entry->agent,
                              .address = entry->address};
    draw_text(tx, "tcn_session_", entry->text, session.hash);
    if (entry->before != NULL) {
        key_hash(entry->before, before);
        (void)session_end(tx->db, session_by_hash(tx->db, before));
    }
    session_end_old(tx->db, utc_add(tx->now, (struct span){-SESSION_IDLE.us}), tx->now);
    session_insert(tx->db, &session);
    session_end_least_used(tx->db, entry->name, SESSIONS_MAX);
    entry->sign_in = (struct sign_in){.session = session.id,
                                      .role = role,
                                      .made_at = tx->now,
                                      .seen_at = tx->now,
                                      .ends_at = session.ends_at,
                                      .checked_until = utc_add(tx->now, SESSION_CHECKED)};
    (void)g_strlcpy(entry->sign_in.csrf, csrf, sizeof entry->sign_in.csrf);
    json_auto_t *data =
        json_pack("{s:o, s:s*}", "session", json_sprintf("%" G_GINT64_FORMAT, session.id), "agent",
                  entry->agent);
    event_append(tx, (struct principal){.kind = PRINCIPAL_USER, .name = entry->name},
                 &EVENT_ACCOUNT_SIGNED_IN, about(entry->name), data);
}

enum command_result account_sign_in(struct ledger_tx *tx, struct account_entry *entry)
{
    struct account account;
    bool is_good = account_load(tx->db, entry->name, &account) && !account.is_disabled &&
                   g_strcmp0(account.password, entry->password) == 0;
    if (!is_good) {
        account_clear(&account);
        entry->status = 401;
        (void)fault_set(&entry->fault, "", "The account changed meanwhile; sign in again.");
        return COMMAND_REFUSED;
    }
    account.signed_in_at = tx->now;
    open_session(tx, entry, account.role);
    return keep(tx, &account);
}

static bool refuse_link(struct fault *fault)
{
    return fault_set(fault, "token",
                     "This link was used already, has expired or is not whole. Ask for a new one "
                     "(tocsin account invite).");
}

/* Who a link of nobody is for: one of the users, by their own word. */
static char *owner_to_be(const struct config *config, const char *name, struct fault *fault)
{
    const GPtrArray *users = config_items(config, &USER_KIND);
    if (name == NULL && users->len == 1) {
        return g_strdup(config_item_name(users->pdata[0]));
    }
    if (name != NULL && user_find(config, name) != NULL) {
        return g_strdup(name);
    }
    if (name != NULL) {
        (void)config_unknown(config, &USER_KIND, name, fault);
    } else {
        (void)fault_set(fault, "", "Say as which user of the configuration you want to sign in.");
    }
    (void)g_strlcpy(fault->field, "login", sizeof fault->field);
    return NULL;
}

char *account_link_user(struct db *db, const struct config *config, const char *link,
                        const char *name, struct utc now, struct fault *fault)
{
    unsigned char hash[KEY_HASH_SIZE];
    struct link_row row;
    key_hash(link, hash);
    if (!link_by_hash(db, hash, &row) || !utc_before(now, row.expires_at)) {
        row_clear(&LINK_TABLE, &row);
        (void)refuse_link(fault);
        return NULL;
    }
    char *user = g_steal_pointer(&row.account);
    row_clear(&LINK_TABLE, &row);
    if (user == NULL) {
        return owner_to_be(config, name, fault);
    }
    if (user_find(config, user) == NULL) {
        (void)refuse_link(fault);
        g_clear_pointer(&user, g_free);
    }
    return user;
}

static void set_password(struct ledger_tx *tx, struct account *account, const char *hash, int link,
                         int64_t but, struct principal actor)
{
    int64_t ended = session_end_others(tx->db, account->name, but);
    g_free(account->password);
    account->password = g_strdup(hash);
    account->password_at = tx->now;
    link_end_of(tx->db, account->name);
    json_auto_t *data = json_pack("{s:s*, s:I}", "link", enum_to_name(ACCOUNT_LINK_NAMES, link),
                                  "sessions_ended", (json_int_t)ended);
    event_append(tx, actor, &EVENT_ACCOUNT_PASSWORD_SET, about(account->name), data);
}

/* False: nothing may be made of that link (any more). */
static bool make_owner(struct ledger_tx *tx, struct account_accept *accept,
                       const struct config *config, struct account *account)
{
    if (has_owner(tx, config)) {
        return refuse_link(&accept->entry.fault);
    }
    bool is_new = account->name == NULL;
    account->name = is_new ? g_strdup(accept->name) : account->name;
    account->created_at = is_new ? tx->now : account->created_at;
    account->role = ROLE_OWNER;
    account->is_disabled = false;
    link_end_of(tx->db, NULL);
    json_auto_t *data = json_pack("{s:s}", "role", enum_to_name(ROLE_NAMES, ROLE_OWNER));
    event_append(tx, (struct principal){.kind = PRINCIPAL_USER, .name = accept->name},
                 &EVENT_ACCOUNT_CREATED, about(accept->name), data);
    return true;
}

static bool fill_by_link(struct ledger_tx *tx, struct account_accept *accept,
                         const struct config *config, struct account *account)
{
    struct fault *fault = &accept->entry.fault;
    struct link_row link;
    unsigned char hash[KEY_HASH_SIZE];
    *fault = (struct fault){0};
    g_autofree char *user =
        account_link_user(tx->db, config, accept->link, accept->entry.name, tx->now, fault);
    if (user == NULL) {
        return false;
    }
    (void)g_strlcpy(accept->name, user, sizeof accept->name);
    key_hash(accept->link, hash);
    bool is_known = account_load(tx->db, user, account);
    bool is_link = link_by_hash(tx->db, hash, &link);
    int kind = link.kind;
    row_clear(&LINK_TABLE, &link);
    bool is_good = is_link && (kind == LINK_OWNER ? make_owner(tx, accept, config, account)
                                                  : is_known && !account->is_disabled);
    if (!is_good) {
        return refuse_link(fault);
    }
    set_password(tx, account, accept->hash, kind, 0,
                 (struct principal){.kind = PRINCIPAL_USER, .name = accept->name});
    return true;
}

enum command_result account_accept(struct ledger_tx *tx, struct account_accept *accept)
{
    struct account account = {0};
    struct config *config = config_in(accept->configs, tx);
    bool is_good = fill_by_link(tx, accept, config, &account);
    config_unref(config);
    if (!is_good) {
        account_clear(&account);
        accept->entry.status = 422;
        return COMMAND_REFUSED;
    }
    struct account_entry *entry = &accept->entry;
    const char *said = entry->name;
    entry->name = accept->name;
    account.signed_in_at = tx->now;
    open_session(tx, entry, account.role);
    entry->name = said; /* a command may run again */
    return keep(tx, &account);
}

/* --- sessions --- */

static json_t *session_data(int64_t session)
{
    return json_pack("{s:o}", "session", json_sprintf("%" G_GINT64_FORMAT, session));
}

bool account_renew(struct ledger_tx *tx, struct account_renewal *renewal)
{
    struct account account;
    unsigned char hash[KEY_HASH_SIZE];
    g_autofree char *owner = session_owner(tx->db, renewal->sign_in.session);
    if (g_strcmp0(owner, renewal->name) != 0 || !account_load(tx->db, renewal->name, &account)) {
        return false;
    }
    draw_text(tx, "tcn_session_", renewal->text, hash);
    renewal->sign_in.checked_until = utc_add(tx->now, SESSION_CHECKED);
    session_renew(tx->db, renewal->sign_in.session, hash, tx->now);
    json_auto_t *data = session_data(renewal->sign_in.session);
    event_append(tx, renewal->actor, &EVENT_ACCOUNT_SESSION_RENEWED, about(renewal->name), data);
    if (renewal->hash != NULL) {
        set_password(tx, &account, renewal->hash, 0, renewal->sign_in.session, renewal->actor);
    }
    (void)keep(tx, &account);
    return true;
}

bool account_end_session(struct ledger_tx *tx, int64_t session, struct principal actor, bool is_own)
{
    g_autofree char *owner = session_owner(tx->db, session);
    if (owner == NULL || session_end(tx->db, session) == 0) {
        return false;
    }
    json_auto_t *data = session_data(session);
    event_append(tx, actor, is_own ? &EVENT_ACCOUNT_SIGNED_OUT : &EVENT_ACCOUNT_SESSION_ENDED,
                 about(owner), data);
    changed(tx);
    return true;
}

void account_tell_failures(struct ledger_tx *tx, const char *name, int64_t attempts)
{
    json_auto_t *data =
        json_pack("{s:I, s:s*}", "attempts", (json_int_t)attempts, EVENT_CLIENT, tx->client);
    event_append(tx, PRINCIPAL_TOCSIN, &EVENT_ACCOUNT_SIGN_IN_FAILED,
                 name != NULL ? about(name) : subject_only(ACCOUNT_SUBJECT), data);
}
