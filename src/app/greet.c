#include <stdio.h>
#include <string.h>

#include "app/data_dir.h"
#include "app/wiring.h"
#include "base/json.h"

/* A key of a native integration that this start made, or NULL. */
static const char *minted_key(const struct house *house, const struct config *config)
{
    size_t i;
    json_t *item;
    json_array_foreach (house->minted, i, item) {
        const struct integration *integration =
            config_integration(config, json_text(item, "name", NULL));
        if (integration != NULL && integration->kind == INTEGRATION_NATIVE) {
            return json_text(item, "key", NULL);
        }
    }
    return NULL;
}

void house_show_minted(struct house *house)
{
    size_t i;
    json_t *item;
    json_array_foreach (house->minted, i, item) {
        printf("%s    %s %s: %s\n",
               i == 0 ? "\n  Keys made just now; they are shown only once:\n" : "",
               json_text(item, "kind", ""), json_text(item, "name", ""),
               json_text(item, "key", ""));
    }
    (void)fflush(stdout);
    g_clear_pointer(&house->minted, json_decref);
}

/* Whether there was anything to show. */
static bool show_curl(const struct house *house, const struct config *config)
{
    const char *key = minted_key(house, config);
    const GPtrArray *services = config->items[CONFIG_SERVICE];
    if (key != NULL) {
        printf("\n  Fire an alert, and watch who is told:\n\n"
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
        printf("\n  Fire an alert, and watch who is told:\n\n"
               "    curl --unix-socket %s -H 'Content-Type: application/json' \\\n"
               "      -d '{\"service\": \"%s\", \"summary\": \"The shop cannot take payments\", "
               "\"severity\": \"critical\"}' \\\n      http://localhost/api/v1/alerts\n",
               socket, service->name);
        return true;
    }
    printf("\n  Nothing is configured yet: tocsin apply --data %s examples/team.yaml\n",
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
    if (config->items[CONFIG_SERVICE]->len > 0 || !ledger_is_shared(house->ledger)) {
        return config;
    }
    config_unref(config);
    (void)desk_submit_and_wait(house->desk, (struct command){.run = look_once_more});
    return config_current(house->configs);
}

void house_greet(struct house *house)
{
    struct config *config = newest_config(house);
    printf("\n  Tocsin " TOCSIN_VERSION " is ready: %s/\n", house->settings->public_url);
    bool is_configured = show_curl(house, config);
    house_show_minted(house);
    printf("\n  %sCtrl-C ends Tocsin; what it accepted is kept.\n\n",
           is_configured ? "Without an acknowledgement it escalates. " : "");
    (void)fflush(stdout);
    config_unref(config);
}
