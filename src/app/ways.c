#include "app/ways.h"

#include <glib.h>
#include <string.h>

#include "base/json.h"
#include "people/address.h"

const char WAY_SECRET[] = "secret", WAY_ADDRESS[] = "address", WAY_MAIL[] = "mail";

struct ways_walk {
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

static void tell(const struct ways_walk *walk, const struct holder *holder, const char *check,
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

/* Why the secret is of no use, newly allocated; NULL: it is, or it is no reference. */
static char *secret_amiss(const struct ways *ways, int kind, const char *reference)
{
    if (!is_secret_reference(reference)) {
        return NULL;
    }
    struct fault fault = {0};
    char *secret = secrets_look_up(ways->secrets, reference, &fault);
    if (secret == NULL) {
        return g_strdup(fault.text);
    }
    char *why = NULL;
    if (!secret_judge(kind, secret, &fault)) {
        why = g_strdup_printf("what %.200s stands for %s", reference, fault.text);
    }
    explicit_bzero(secret, strlen(secret));
    g_free(secret);
    return why;
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

static bool is_mail(int kind)
{
    return kind == CONTACT_EMAIL;
}

/* The same of where it goes. */
static char *address_amiss(const struct ways *ways, int kind, const char *to)
{
    struct fault fault = {0};
    if (kind == 0 || contact_is_here(kind)) {
        return NULL;
    }
    if (is_mail(kind)) {
        return ways->has_mail
                   ? NULL
                   : g_strdup("no mail server is set, so that nobody is reached by e-mail; start "
                              "the server with --smtp-url (TOCSIN_SMTP_URL)");
    }
    return is_called(ways->guard, to, &fault) ? NULL : g_strdup(fault.text);
}

char *way_amiss(const struct ways *ways, int kind, const char *to, const char *secret)
{
    char *why = to != NULL ? address_amiss(ways, kind, to) : NULL;
    return why == NULL && secret != NULL ? secret_amiss(ways, kind, secret) : why;
}

static void judge_secret(const struct ways_walk *walk, const struct holder *holder)
{
    g_autofree char *why =
        secret_amiss(walk->ways, holder->kind, json_text(holder->item, "secret", ""));
    if (why != NULL) {
        tell(walk, holder, WAY_SECRET, "secret", why);
    }
}

static void judge_address(struct ways_walk *walk, const struct holder *holder)
{
    const char *to = json_text(holder->item, "to", NULL);
    g_autofree char *why = to != NULL ? address_amiss(walk->ways, holder->kind, to) : NULL;
    if (why == NULL || (is_mail(holder->kind) && walk->is_mail_told)) {
        return;
    }
    walk->is_mail_told |= is_mail(holder->kind);
    tell(walk, holder, is_mail(holder->kind) ? WAY_MAIL : WAY_ADDRESS, "to", why);
}

static void judge(struct ways_walk *walk, const json_t *item, const char *path, const char *whose)
{
    const struct holder holder = {item, path, whose,
                                  enum_from_name(CONTACT_KIND_NAMES, json_text(item, "kind", ""))};
    judge_secret(walk, &holder);
    judge_address(walk, &holder);
}

/* A channel itself, and a person's contacts. */
static void judge_entry(struct ways_walk *walk, json_t *entry, const char *path)
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
    struct ways_walk walk = {.ways = ways, .each = each, .self = self};
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
