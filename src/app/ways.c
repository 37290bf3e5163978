#include "app/ways.h"

#include <glib.h>
#include <string.h>

#include "base/json.h"
#include "people/address.h"

const char WAY_SECRET[] = "secret", WAY_ADDRESS[] = "address", WAY_MAIL[] = "mail";

struct walk {
    const struct ways *ways;
    way_amiss_fn *each;
    void *self;
    bool is_mail_told;
};

/* What an address or a secret is judged as. */
struct holder {
    const json_t *item;
    const char *path;  /* "users.ana.contacts.phone" */
    const char *whose; /* "ana by phone" */
    int kind;          /* enum contact_kind; 0: none */
};

static void tell(const struct walk *walk, const struct holder *holder, const char *check,
                 const char *field, const char *why)
{
    g_autofree char *where = g_strconcat(holder->path, ".", field, NULL);
    walk->each(walk->self, check, where, holder->whose, why);
}

/* A contact without a name goes by its kind. */
static char *path_of(const char *list, const json_t *item, size_t at)
{
    g_autofree char *number = g_strdup_printf("%zu", at);
    const char *label = json_text(item, "name", json_text(item, "kind", number));
    return g_strdup_printf("%s.%s", list, label);
}

static void judge_secret(const struct walk *walk, const struct holder *holder)
{
    const char *reference = json_text(holder->item, "secret", "");
    if (!is_secret_reference(reference)) {
        return;
    }
    struct fault fault = {0};
    char *secret = secrets_look_up(walk->ways->secrets, reference, &fault);
    if (secret == NULL || !secret_judge(holder->kind, secret, &fault)) {
        g_autofree char *why =
            secret == NULL ? g_strdup(fault.text)
                           : g_strdup_printf("what %.200s stands for %s", reference, fault.text);
        tell(walk, holder, WAY_SECRET, "secret", why);
    }
    if (secret != NULL) {
        explicit_bzero(secret, strlen(secret));
        g_free(secret);
    }
}

/* The one name that nobody has to resolve (RFC 6761, 6.3). */
static bool is_here(const char *to)
{
    g_autoptr(GUri) uri = g_uri_parse(to, G_URI_FLAGS_NONE, NULL);
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;
    return host != NULL &&
           (g_ascii_strcasecmp(host, "localhost") == 0 || g_str_has_suffix(host, ".localhost"));
}

static bool is_called(const struct guard *guard, const char *to, struct fault *fault)
{
    struct fault unheard = {0};
    return guard_url(guard, to, fault) &&
           (!is_here(to) || guard_url(guard, "http://[::1]/", &unheard) ||
            guard_url(guard, "http://127.0.0.1/", fault));
}

static void judge_address(struct walk *walk, const struct holder *holder)
{
    const char *to = json_text(holder->item, "to", NULL);
    struct fault fault = {0};
    if (to == NULL || holder->kind == 0 || holder->kind == CONTACT_LOG) {
        return;
    }
    if (holder->kind != CONTACT_EMAIL) {
        if (!is_called(walk->ways->guard, to, &fault)) {
            tell(walk, holder, WAY_ADDRESS, "to", fault.text);
        }
    } else if (!walk->ways->has_mail && !walk->is_mail_told) {
        walk->is_mail_told = true;
        tell(walk, holder, WAY_MAIL, "to",
             "no mail server is set, so that nobody is reached by e-mail; start the server with "
             "--smtp-url "
             "(TOCSIN_SMTP_URL)");
    }
}

static void judge(struct walk *walk, const json_t *item, const char *path, const char *whose)
{
    const struct holder holder = {item, path, whose,
                                  enum_from_name(CONTACT_KIND_NAMES, json_text(item, "kind", ""))};
    judge_secret(walk, &holder);
    judge_address(walk, &holder);
}

/* A channel itself, and a person's contacts. */
static void judge_entry(struct walk *walk, json_t *entry, const char *path)
{
    const char *name = json_text(entry, "name", "");
    g_autofree char *room = g_strdup_printf("the channel %s", name);
    judge(walk, entry, path, room);
    const char *key;
    json_t *list;
    json_object_foreach (entry, key, list) {
        g_autofree char *deeper = g_strdup_printf("%s.%s", path, key);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *item = json_array_get(list, i);
            g_autofree char *at = path_of(deeper, item, i);
            const char *label = json_text(item, "name", json_text(item, "kind", ""));
            g_autofree char *person = g_strdup_printf("%s by %s", name, label);
            judge(walk, item, at, person);
        }
    }
}

void ways_check(const struct ways *ways, const json_t *document, way_amiss_fn *each, void *self)
{
    struct walk walk = {.ways = ways, .each = each, .self = self};
    const char *section;
    json_t *entries;
    json_object_foreach ((json_t *)(uintptr_t)document, section, entries) {
        for (size_t i = 0; i < json_array_size(entries); i++) {
            json_t *entry = json_array_get(entries, i);
            g_autofree char *path = path_of(section, entry, i);
            judge_entry(&walk, entry, path);
        }
    }
}
