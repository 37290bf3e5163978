/* What a start shows on standard output. It may be a pipe that nobody reads: then it is not shown, and the server
 * goes on. */
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "account/account_command.h"
#include "alert/service.h"
#include "app/wiring.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/data_dir.h"

/* A key of a native integration that this start made, or NULL. */
static const char *minted_key(const struct house *house, const struct config *config)
{
    size_t i;
    json_t *item;
    json_array_foreach (house->minted, i, item) {
        const struct integration *integration =
            integration_find(config, json_text(item, "name", NULL));
        if (integration != NULL && integration->kind == INTEGRATION_NATIVE) {
            return json_text(item, "key", NULL);
        }
    }
    return NULL;
}

static void append_minted(const struct house *house, GString *out)
{
    size_t i;
    json_t *item;
    json_array_foreach (house->minted, i, item) {
        g_string_append_printf(out, "%s    %s %s: %s\n",
                               i == 0 ? "\n  Keys made just now; they are shown only once:\n" : "",
                               json_text(item, "kind", ""), json_text(item, "name", ""),
                               json_text(item, "key", ""));
    }
}

/* Nobody knows the keys now. The names alone, which the log may have. */
static void tell_unseen(const struct house *house)
{
    size_t i;
    json_t *item;
    json_array_foreach (house->minted, i, item) {
        const char *kind = json_text(item, "kind", "");
        const char *name = json_text(item, "name", "");
        g_autofree char *remedy = g_strdup_printf("tocsin %s rotate %s", kind, name);
        LOG_ERROR("config", NULL,
                  "a key was made and could not be shown: nobody reads standard output", kind, name,
                  "remedy", remedy);
    }
}

/* All of `out`, and the keys with it, or the log says that it was not. */
static void show(struct house *house, const GString *out)
{
    if (out->len > 0 && !log_write(STDOUT_FILENO, out->str, out->len)) {
        LOG_WARN("serve", NULL, "standard output takes nothing: what was to be shown is dropped");
        tell_unseen(house);
    }
    g_clear_pointer(&house->minted, json_decref);
}

void house_show_minted(struct house *house)
{
    g_autoptr(GString) out = g_string_new(NULL);
    append_minted(house, out);
    show(house, out);
}

/* Whether there was anything to show. */
static bool append_curl(const struct house *house, const struct config *config, GString *out)
{
    const char *key = minted_key(house, config);
    const GPtrArray *services = config_items(config, &SERVICE_KIND);
    if (key != NULL) {
        g_string_append_printf(
            out,
            "\n  Fire an alert, and watch who is told:\n\n"
            "    curl -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \\\n"
            "      -d '{\"summary\": \"The shop cannot take payments\", \"severity\": "
            "\"critical\"}' \\\n"
            "      %s/api/v1/alerts\n",
            key, house->settings->public_url);
        return true;
    }
    if (services->len > 0) {
        g_autofree char *socket = data_dir_socket(house->settings->data);
        const struct service *service = services->pdata[0];
        g_string_append_printf(
            out,
            "\n  Fire an alert, and watch who is told:\n\n"
            "    curl --unix-socket %s -H 'Content-Type: application/json' \\\n"
            "      -d '{\"service\": \"%s\", \"summary\": \"The shop cannot take payments\", "
            "\"severity\": \"critical\"}' \\\n      http://localhost/api/v1/alerts\n",
            socket, service->name);
        return true;
    }
    g_string_append_printf(
        out, "\n  Nothing is configured yet: tocsin apply --data %s examples/team.yaml\n",
        house->settings->data);
    return false;
}

static enum command_result look_once_more(struct ledger_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    return COMMAND_REFUSED; /* the witnesses were told at its begin */
}

/* Another node may have brought the configuration since this one read it. */
static struct config *newest_config(const struct house *house)
{
    struct config *config = config_current(house->configs);
    if (config_items(config, &SERVICE_KIND)->len > 0 || !ledger_is_shared(house->ledger)) {
        return config;
    }
    config_unref(config);
    (void)queue_submit_and_wait(house->queue, (struct command){.run = look_once_more});
    return config_current(house->configs);
}

static enum command_result make_owner_link(struct ledger_tx *tx, void *arg)
{
    return account_make_owner_link(tx, arg);
}

/* Until somebody owns this each start prints a new one: of the one before only a hash is kept. */
static void append_owner_link(const struct house *house, GString *out)
{
    struct account_order order = {.configs = house->configs, .actor = PRINCIPAL_TOCSIN};
    enum command_outcome outcome = queue_submit_and_wait(
        house->queue, (struct command){.run = make_owner_link, .arg = &order});
    if (outcome == OUTCOME_COMMITTED) {
        g_autofree char *link = account_link_address(house->settings->public_url, order.text);
        g_string_append_printf(
            out,
            "\n  Nobody owns this yet. Whoever opens this link first does; it is "
            "good for a day, once:\n\n    %s\n",
            link);
    } else if (outcome == OUTCOME_REFUSED && order.status == 404) {
        g_string_append(out,
                        "\n  Nobody can sign in yet: once a user stands in the team file, `tocsin "
                        "account create NAME --role owner`\n  prints a link for them.\n");
    }
    sodium_memzero(order.text, sizeof order.text);
}

void house_greet(struct house *house)
{
    struct config *config = newest_config(house);
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "\n  Tocsin " TOCSIN_VERSION " is ready: %s/\n",
                           house->settings->public_url);
    bool is_configured = append_curl(house, config, out);
    append_minted(house, out);
    append_owner_link(house, out);
    g_string_append_printf(out, "\n  %sCtrl-C ends Tocsin; what it accepted is kept.\n\n",
                           is_configured ? "Without an acknowledgement it escalates. " : "");
    show(house, out);
    config_unref(config);
}
