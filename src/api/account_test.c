/* People who signed in, through the whole server: roles and teams on every row, what a cookie needs, and its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "access/permit.h"
#include "account/account_command.h"
#include "account/account_store.h"
#include "api/test_house.h"

/* --- signing in without a password, which takes its time --- */

struct arrival {
    struct account_order order;
    struct account_entry entry;
    bool is_new;
};

static enum command_result arrive(struct ledger_tx *tx, void *arg)
{
    struct arrival *arrival = arg;
    struct account account;
    arrival->is_new = !account_load(tx->db, arrival->order.name, &account);
    account_clear(&account);
    enum command_result result = arrival->is_new ? account_create(tx, &arrival->order)
                                                 : account_change_role(tx, &arrival->order);
    return result == COMMAND_DONE ? account_sign_in(tx, &arrival->entry) : result;
}

static struct account_entry sign_in(struct test_house *house, const char *name, int role)
{
    struct arrival arrival = {.order = {.configs = house->api.configs,
                                        .actor = PRINCIPAL_HERE,
                                        .authority = ROLE_OWNER,
                                        .name = name,
                                        .role = role,
                                        .password = "hash"},
                              .entry = {.name = name, .password = "hash"}};
    struct command command = {.run = arrive, .arg = &arrival};
    enum command_outcome outcome = queue_submit_and_wait(house->api.queue, command);
    if (outcome != OUTCOME_COMMITTED) {
        fail_msg("%s: %s%s", name, arrival.order.fault.text, arrival.entry.fault.text);
    }
    return arrival.entry;
}

/* As a page of ours sends it. */
static char *headers_of(const struct test_house *house, const struct account_entry *entry)
{
    return g_strdup_printf("Cookie: __Host-tocsin=%s\r\nOrigin: http://127.0.0.1:%u\r\n"
                           "X-Tocsin-CSRF: %s\r\n",
                           entry->text, house->port, entry->sign_in.csrf);
}

static void expect(const struct test_house *house, const char *headers, const char *method,
                   const char *path, const char *body, int status, const char *says)
{
    g_autofree char *answer = client_call(house->port, method, path, headers, body);
    if (client_status(answer) != status || (says != NULL && strstr(answer, says) == NULL)) {
        fail_msg("%s %s with %s: expected %d %s, got: %s", method, path, headers, status, says,
                 answer);
    }
}

/* --- the matrix --- */

/* What the roles promise, written down a second time and differently. */
static bool is_promised(const struct route_row *row, int role)
{
    static const char *const PAGING[] = {"/api/v1/alerts/{id}/page", "/api/v1/alerts/{id}/escalate",
                                         NULL};
    static const char *const OWN[] = {"/api/v1/me",
                                      "/api/v1/session",
                                      "/api/v1/session/check",
                                      "/api/v1/sessions",
                                      "/api/v1/sessions/{id}",
                                      "/api/v1/account/password",
                                      NULL};
    if (g_strv_contains(OWN, row->path)) {
        return true;
    }
    switch ((enum role)role) {
    case ROLE_OWNER:
    case ROLE_ADMIN:
        return true;
    case ROLE_RESPONDER:
        return row->permit->least != SCOPE_ADMIN;
    case ROLE_FRONTLINE:
        return row->permit->least == SCOPE_READ || g_strv_contains(PAGING, row->path);
    case ROLE_STAKEHOLDER:
        return row->permit->least == SCOPE_READ;
    case ROLE_PARTNER:
        break;
    }
    return false;
}

static char *concrete_path(const char *path)
{
    g_autoptr(GRegex) regex = g_regex_new("\\{[^}]*\\}", 0, 0, NULL);
    return g_regex_replace_literal(regex, path, -1, 0, "none", 0, NULL);
}

static void check_cell(struct test_house *house, const struct route_row *row, int role)
{
    struct account_entry entry = sign_in(house, "ana", role);
    g_autofree char *headers = headers_of(house, &entry);
    g_autofree char *path = concrete_path(row->path);
    bool is_stream = strcmp(row->path, "/api/v1/stream") == 0;
    g_autofree char *answer = client_call(house->port, is_stream ? "HEAD" : row->method, path,
                                          headers, strcmp(row->method, "GET") == 0 ? NULL : "[]");
    int status = client_status(answer);
    bool is_refused = status == 401 || status == 403;
    if (is_promised(row, role) ? is_refused : status != 403) {
        fail_msg("%s %s as %s: %s", row->method, row->path, enum_to_name(ROLE_NAMES, role), answer);
    }
    assert_true(status != 0 && status != 500);
}

static void every_row_with_every_role(void **state)
{
    (void)state;
    size_t cells = 0;
    (void)sign_in(the_house, "budi", ROLE_OWNER); /* somebody is left while ana is this and that */
    for (const struct route_set *set = the_house->api.routes; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            for (int role = ROLE_OWNER; role <= ROLE_PARTNER && set->table->rows[i].permit != NULL;
                 role++) {
                check_cell(the_house, &set->table->rows[i], role);
                cells++;
            }
        }
    }
    assert_true(cells > 300);
}

/* The document tells the same of each permit. */
static void the_document_names_the_roles(void **state)
{
    (void)state;
    json_auto_t *document = test_json(the_house, NULL, "GET", "/api/v1/openapi.json", NULL, 200);
    for (const struct route_set *set = the_house->api.routes; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            const struct route_row *row = &set->table->rows[i];
            const json_t *told =
                row->permit == NULL
                    ? NULL
                    : json_object_get(json_object_get(document, "x-permits"), row->permit->name);
            g_autofree char *roles = json_dumps(json_object_get(told, "roles"), JSON_ENCODE_ANY);
            for (int role = ROLE_OWNER; role <= ROLE_PARTNER && told != NULL; role++) {
                bool is_told = strstr(roles, enum_to_name(ROLE_NAMES, role)) != NULL;
                assert_int_equal(is_told, is_promised(row, role));
            }
        }
    }
}

/* --- teams --- */

static const char OTHERS[] =
    "{\"document\": {\"users\": [{\"name\": \"chen\", \"contacts\": [{\"kind\": \"log\", "
    "\"watched\": true}]}],"
    "\"teams\": [{\"name\": \"others\", \"members\": [\"chen\"]}],"
    "\"services\": [{\"name\": \"foreign\", \"policy\": \"standard\", \"owner\": \"others\"}],"
    "\"integrations\": [{\"name\": \"theirs\", \"kind\": \"native\", \"service\": \"foreign\"}],"
    "\"schedules\": [{\"name\": \"theirs\", \"time_zone\": \"UTC\", \"owner\": \"others\","
    " \"layers\": [{\"people\": [\"chen\"], \"every\": \"1w\", \"start\": "
    "\"2026-01-05T09:00\"}]}]}}";

static char *path_of(const char *format, int64_t id)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);
    g_auto(GStrv) parts = g_strsplit(format, "%", 2);
    return g_strjoinv(text, parts);
}

static int64_t open_foreign(struct test_house *house)
{
    json_auto_t *answer = test_json(house, house->admin, "POST", "/api/v1/alerts",
                                    "{\"summary\": \"Theirs\", \"service\": \"foreign\"}", 202);
    return g_ascii_strtoll(json_string_value(json_object_get(answer, "alert_id")), NULL, 10);
}

/* Nobody of checkout's: it has no owner. The policy pages ana for theirs, too. */
static void responders_act_for_their_teams_and_where_they_were_paged(void **state)
{
    (void)state;
    struct test_house *house = the_house;
    json_decref(test_locally(house, "/api/v1/config/apply", OTHERS, 200));
    (void)sign_in(house, "ana", ROLE_OWNER);
    struct account_entry budi = sign_in(house, "budi", ROLE_RESPONDER);
    struct account_entry chen = sign_in(house, "chen", ROLE_RESPONDER);
    g_autofree char *by_budi = headers_of(house, &budi);
    g_autofree char *by_chen = headers_of(house, &chen);
    int64_t theirs = open_foreign(house), ours = test_alert(house, "Ours");
    g_autofree char *acknowledge = path_of("/api/v1/alerts/%/acknowledge", theirs);
    g_autofree char *look = path_of("/api/v1/alerts/%", theirs);
    g_autofree char *own = path_of("/api/v1/alerts/%/acknowledge", ours);
    g_autofree char *resolve = path_of("/api/v1/alerts/%/resolve", theirs);

    expect(house, by_budi, "GET", look, NULL, 200, NULL);
    expect(house, by_budi, "POST", acknowledge, "{}", 403, "a team that you are not in");
    expect(house, by_budi, "POST", own, "{}", 200, "user:budi");
    expect(house, by_budi, "GET", "/api/v1/integrations/theirs/payloads", NULL, 403, "team");
    expect(house, by_budi, "GET", "/api/v1/integrations/native/payloads", NULL, 200, NULL);
    expect(house, by_budi, "POST", "/api/v1/schedules/theirs/overrides", "{}", 403, "team");
    expect(house, by_budi, "POST", "/api/v1/schedules/primary/overrides", "{}", 422, NULL);
    expect(house, by_chen, "POST", acknowledge, "{\"user\": \"ana\"}", 422, "act as nobody else");
    expect(house, by_chen, "POST", acknowledge, "{\"user\": \"chen\"}", 200, "user:chen");

    (void)sign_in(house, "chen", ROLE_OWNER);
    struct account_entry ana = sign_in(house, "ana", ROLE_RESPONDER);
    g_autofree char *by_ana = headers_of(house, &ana);
    expect(house, by_budi, "POST", resolve, "{}", 403, "team");
    expect(house, by_ana, "POST", resolve, "{}", 200, "user:ana");
}

/* Whoever may page people may report what is wrong; what there is, they act on where it is asked whose it is. */
static void people_trigger_alerts_and_no_more_there(void **state)
{
    (void)state;
    struct test_house *house = the_house;
    static const char PATH[] = "/api/v1/alerts",
                      ALERT[] = "{\"summary\": \"The lift stands\", \"service\": \"checkout\"}";
    (void)sign_in(house, "budi", ROLE_OWNER);

    static const struct {
        int role, status;
    } ROWS[] = {{ROLE_OWNER, 202},
                {ROLE_RESPONDER, 202},
                {ROLE_FRONTLINE, 202},
                {ROLE_STAKEHOLDER, 403},
                {ROLE_PARTNER, 403}};

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct account_entry ana = sign_in(house, "ana", ROWS[i].role);
        g_autofree char *headers = headers_of(house, &ana);
        expect(house, headers, "POST", PATH, ALERT, ROWS[i].status, NULL);
    }
    struct account_entry ana = sign_in(house, "ana", ROLE_FRONTLINE);
    g_autofree char *headers = headers_of(house, &ana);
    g_autofree char *cookie = g_strdup_printf("Cookie: __Host-tocsin=%s\r\n", ana.text);
    expect(house, cookie, "POST", PATH, ALERT, 403, "\"field\":\"Origin\"");
    expect(house, headers, "POST", PATH,
           "{\"action\": \"resolve\", \"dedup_key\": \"x\", "
           "\"service\": \"checkout\"}",
           400, "\"field\":\"action\"");
    expect(house, "Cookie: __Host-tocsin=tcn_session_x\r\n", "POST", PATH, ALERT, 401, NULL);
    expect(house, headers, "POST", "/v2/enqueue", "{}", 400, NULL);
    g_autofree char *both =
        g_strdup_printf("%sAuthorization: Bearer %s\r\n", cookie, house->respond);
    expect(house, both, "POST", PATH, ALERT, 202, NULL); /* the token says who it is */
}

/* --- what a cookie needs --- */

static void a_change_needs_our_page(void **state)
{
    (void)state;
    struct test_house *house = the_house;
    struct account_entry ana = sign_in(house, "ana", ROLE_OWNER);
    g_autofree char *cookie = g_strdup_printf("Cookie: __Host-tocsin=%s\r\n", ana.text);
    g_autofree char *plain = g_strdup_printf("Cookie: tocsin=%s\r\n", ana.text);
    g_autofree char *bearer = g_strdup_printf("Authorization: Bearer %s\r\n", ana.text);
    g_autofree char *twice =
        g_strdup_printf("Cookie: __Host-tocsin=%s; __Host-tocsin=%s\r\n", ana.text, ana.text);
    g_autofree char *two_lines =
        g_strdup_printf("Cookie: __Host-tocsin=%s\r\nCookie: __Host-tocsin=x\r\n", ana.text);
    g_autofree char *of_token = g_strdup_printf("Cookie: __Host-tocsin=%s\r\n", house->admin);
    g_autofree char *origin = g_strdup_printf("Origin: http://127.0.0.1:%u\r\n", house->port);
    g_autofree char *csrf = g_strdup_printf("X-Tocsin-CSRF: %s\r\n", ana.sign_in.csrf);
    static const char EVIL[] = "Origin: http://evil.example\r\n",
                      WRONG[] = "X-Tocsin-CSRF: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
                      SITE[] = "Sec-Fetch-Site: same-origin\r\n",
                      CROSS[] = "Sec-Fetch-Site: cross-site\r\n";

    const struct {
        const char *name, *one, *two, *three, *method;
        int status;
        const char *says;
    } rows[] = {
        {"reads", cookie, "", "", "GET", 200, NULL},
        {"reads from anywhere", cookie, EVIL, "", "GET", 200, NULL},
        {"all that is needed", cookie, origin, csrf, "POST", 422, NULL},
        {"by what a browser says of it", cookie, SITE, csrf, "POST", 422, NULL},
        {"nothing", cookie, "", "", "POST", 403, "\"field\":\"Origin\""},
        {"no origin", cookie, "", csrf, "POST", 403, "\"field\":\"Origin\""},
        {"another's page", cookie, EVIL, csrf, "POST", 403, "\"field\":\"Origin\""},
        {"another's, which says so", cookie, CROSS, csrf, "POST", 403, "\"field\":\"Origin\""},
        {"no header", cookie, origin, "", "POST", 403, "\"field\":\"X-Tocsin-CSRF\""},
        {"another header", cookie, origin, WRONG, "POST", 403, "\"field\":\"X-Tocsin-CSRF\""},
        {"a cookie that others could set", plain, "", "", "GET", 401, NULL},
        {"a session is no token", bearer, "", "", "GET", 401, NULL},
        {"two of them", twice, "", "", "GET", 401, NULL},
        {"two lines of them", two_lines, "", "", "GET", 401, NULL},
        {"a token is no session", of_token, "", "", "GET", 401, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *headers = g_strconcat(rows[i].one, rows[i].two, rows[i].three, NULL);
        g_autofree char *answer =
            client_call(house->port, rows[i].method, "/api/v1/tokens", headers,
                        strcmp(rows[i].method, "GET") == 0 ? NULL : "[]");
        if (client_status(answer) != rows[i].status ||
            (rows[i].says != NULL && strstr(answer, rows[i].says) == NULL)) {
            fail_msg("%s: %s", rows[i].name, answer);
        }
    }
}

/* --- ends --- */

static void whoever_left_is_out(void **state)
{
    (void)state;
    struct test_house *house = the_house;
    struct account_entry ana = sign_in(house, "ana", ROLE_OWNER);
    g_autofree char *headers = headers_of(house, &ana);
    expect(house, headers, "GET", "/api/v1/me", NULL, 200, "\"login\":\"ana\"");
    expect(house, headers, "DELETE", "/api/v1/session", NULL, 204, "__Host-tocsin=; ");
    expect(house, headers, "GET", "/api/v1/me", NULL, 401, "sign in again");
    expect(house, headers, "DELETE", "/api/v1/session", NULL, 401, NULL);
}

static void sessions_are_listed_and_ended_by_whom_they_belong_to(void **state)
{
    (void)state;
    struct test_house *house = the_house;
    (void)sign_in(house, "budi", ROLE_OWNER);
    struct account_entry ana = sign_in(house, "ana", ROLE_PARTNER);
    struct account_entry budi = sign_in(house, "budi", ROLE_OWNER);
    g_autofree char *by_ana = headers_of(house, &ana);
    g_autofree char *by_budi = headers_of(house, &budi);
    g_autofree char *of_budi = path_of("/api/v1/sessions/%", budi.sign_in.session);
    g_autofree char *of_ana = path_of("/api/v1/sessions/%", ana.sign_in.session);
    g_autofree char *list = client_call(house->port, "GET", "/api/v1/sessions", by_ana, NULL);
    assert_int_equal(client_status(list), 200);
    assert_non_null(strstr(list, "\"is_current\":true"));
    assert_null(strstr(list, "budi"));
    assert_null(strstr(list, ana.text));
    expect(house, by_ana, "GET", "/api/v1/sessions?user=budi", NULL, 403, NULL);
    expect(house, by_ana, "GET", "/api/v1/sessions?all=true", NULL, 403, NULL);
    expect(house, by_budi, "GET", "/api/v1/sessions?all=true", NULL, 200, "\"login\":\"ana\"");
    expect(house, by_ana, "DELETE", of_budi, NULL, 404, NULL);
    expect(house, by_budi, "DELETE", of_ana, NULL, 204, NULL);
    expect(house, by_ana, "GET", "/api/v1/me", NULL, 401, NULL);
    expect(house, by_budi, "GET", "/api/v1/me", NULL, 200, NULL);
}

/* --- what is delicate --- */

static enum command_result age(struct ledger_tx *tx, void *arg)
{
    (void)arg;
    (void)db_run(
        db_query(tx->db, "UPDATE account_session SET checked_at = checked_at - 600000000"));
    account_changed(tx->db);
    ledger_mark_stale(tx, STALE_ACCOUNTS);
    return COMMAND_DONE;
}

static void keys_and_roles_ask_for_the_password_once_more(void **state)
{
    (void)state;
    struct test_house *house = the_house;
    struct account_entry ana = sign_in(house, "ana", ROLE_OWNER);
    g_autofree char *headers = headers_of(house, &ana);
    static const char *const PATHS[] = {"/api/v1/tokens", "/api/v1/accounts",
                                        "/api/v1/integrations/native/key",
                                        "/api/v1/accounts/ana/role"};
    for (size_t i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        expect(house, headers, "POST", PATHS[i], "[]", 422, NULL);
    }
    /* An event, for a commit without one tells nobody. */
    assert_int_equal(queue_submit_and_wait(house->api.queue, (struct command){.run = age}),
                     OUTCOME_COMMITTED);
    (void)test_alert(house, "Something");
    for (size_t i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        expect(house, headers, "POST", PATHS[i], "[]", 403, "\"field\":\"password\"");
    }
    expect(house, headers, "GET", "/api/v1/tokens", NULL, 200, NULL);
    expect(house, headers, "GET", "/api/v1/accounts", NULL, 200, NULL);
    json_decref(test_json(house, house->admin, "POST", "/api/v1/accounts", "[]", 422));
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, test_house_set_up, test_house_tear_down)
    const struct CMUnitTest tests[] = {
        EACH(every_row_with_every_role),
        EACH(the_document_names_the_roles),
        EACH(responders_act_for_their_teams_and_where_they_were_paged),
        EACH(people_trigger_alerts_and_no_more_there),
        EACH(a_change_needs_our_page),
        EACH(whoever_left_is_out),
        EACH(sessions_are_listed_and_ended_by_whom_they_belong_to),
        EACH(keys_and_roles_ask_for_the_password_once_more),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
