#include "people/address.h"

#include <sodium.h>
#include <string.h>

enum { EMAIL_MAX = 254, WEBHOOK_KEY_MIN = 24, WEBHOOK_KEY_STORED_MIN = 16 };

static const char WEBHOOK_SECRET_PREFIX[] = "whsec_";

/* Spaces and control characters have no place in any address; CR and LF would start a new header. */
static bool has_only_graphic(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool judge_email(const char *to, struct fault *fault)
{
    const char *at = strrchr(to, '@');
    bool is_shaped = at != NULL && at != to && at[1] != '\0' && strlen(to) <= EMAIL_MAX &&
                     strpbrk(to, "<>(),;:\\\"[]") == NULL && strchr(to, '@') == at;
    bool is_host = is_shaped && at[1] != '.' && at[1] != '-' && strstr(at, "..") == NULL;
    return is_host ||
           fault_set(fault, "to", "\"%.80s\" is not an e-mail address; write name@example.com", to);
}

static bool judge_url(const char *to, struct fault *fault)
{
    g_autoptr(GUri) uri = g_uri_parse(to, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri != NULL ? g_uri_get_scheme(uri) : "";
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;
    bool is_web = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    if (!is_web || host == NULL || host[0] == '\0') {
        return fault_set(fault, "to", "must be a URL that starts with http:// or https://");
    }
    return true;
}

struct bot_form {
    int kind; /* enum contact_kind */
    const char *path_end;
    const char *parameter;
    const char *example;
};

static const struct bot_form BOT_FORMS[] = {
    {CONTACT_SLACK, "/api/chat.postMessage", "channel", "C0123456789"},
    {CONTACT_MATTERMOST, "/api/v4/posts", "channel_id", "4xp9fdt77pncbef59f4k1qe83o"},
};

static const struct bot_form *bot_form(int kind, const char *to)
{
    size_t size = strcspn(to, "?#");
    for (size_t i = 0; i < G_N_ELEMENTS(BOT_FORMS); i++) {
        size_t end = strlen(BOT_FORMS[i].path_end);
        if (BOT_FORMS[i].kind == kind && size > end &&
            memcmp(to + size - end, BOT_FORMS[i].path_end, end) == 0) {
            return &BOT_FORMS[i];
        }
    }
    return NULL;
}

bool address_is_bot(int kind, const char *to)
{
    return bot_form(kind, to) != NULL;
}

/* Names of channels ("#ops") are no ids: they change, and Slack updates messages by id alone. */
static bool is_channel_id(const char *text)
{
    enum { ID_MIN = 9, ID_MAX = 32 };

    size_t size = strlen(text);
    for (const char *at = text; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at)) {
            return false;
        }
    }
    return size >= ID_MIN && size <= ID_MAX;
}

char *address_bot_channel(int kind, const char *to)
{
    const struct bot_form *form = bot_form(kind, to);
    g_autoptr(GUri) uri = g_uri_parse(to, G_URI_FLAGS_ENCODED, NULL);
    const char *query = uri != NULL ? g_uri_get_query(uri) : NULL;
    if (form == NULL || query == NULL) {
        return NULL;
    }
    g_autoptr(GHashTable) pairs = g_uri_parse_params(query, -1, "&", G_URI_PARAMS_NONE, NULL);
    const char *id = pairs != NULL ? g_hash_table_lookup(pairs, form->parameter) : NULL;
    return id != NULL && is_channel_id(id) ? g_strdup(id) : NULL;
}

static bool judge_bot(int kind, const char *to, const char *secret, struct fault *fault)
{
    const struct bot_form *form = bot_form(kind, to);
    if (form == NULL) {
        return true;
    }
    g_autofree char *channel = address_bot_channel(kind, to);
    if (channel == NULL) {
        return fault_set(fault, "to", "must name the channel by its id; end it in ?%s=%s",
                         form->parameter, form->example);
    }
    return secret != NULL ||
           fault_set(fault, "secret",
                     "is required: the bot's token, or a reference such as env:TOCSIN_SECRET_NAME");
}

bool is_secret_reference(const char *secret)
{
    return (g_str_has_prefix(secret, "env:") && secret[4] != '\0') ||
           (g_str_has_prefix(secret, "file:") && secret[5] != '\0');
}

static bool is_enclosed(const char *text, const char *begin, const char *end)
{
    return g_str_has_prefix(text, begin) && g_str_has_suffix(text, end);
}

bool is_secret_misspelt(const char *secret)
{
    static const char *const PREFIXES[] = {"env:", "file:", "env=", "file="};
    static const char VARIABLE[] = "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (is_secret_reference(secret)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PREFIXES); i++) {
        if (g_ascii_strncasecmp(secret, PREFIXES[i], strlen(PREFIXES[i])) == 0) {
            return true;
        }
    }
    bool is_variable =
        secret[0] == '$' && secret[1] != '\0' && secret[1 + strspn(secret + 1, VARIABLE)] == '\0';
    return is_variable || is_enclosed(secret, "${", "}") || is_enclosed(secret, "$(", ")") ||
           is_enclosed(secret, "{{", "}}") || g_str_has_prefix(secret, "TOCSIN_SECRET_") ||
           g_str_has_prefix(secret, "\xef\xbb\xbf");
}

bool webhook_key_read(const char *text, unsigned char out[WEBHOOK_KEY_MAX], size_t *out_size)
{
    const char *base64 =
        text + (g_str_has_prefix(text, WEBHOOK_SECRET_PREFIX) ? strlen(WEBHOOK_SECRET_PREFIX) : 0);
    const char *end = NULL;
    size_t length = strlen(base64);
    const int variant = strchr(base64, '=') != NULL || length % 4 == 0
                            ? sodium_base64_VARIANT_ORIGINAL
                            : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    int failed =
        sodium_base642bin(out, WEBHOOK_KEY_MAX, base64, length, NULL, out_size, &end, variant);
    return failed == 0 && end == base64 + length && *out_size >= WEBHOOK_KEY_MIN;
}

/* While a secret is exchanged there are two. */
static bool judge_webhook_secret(const char *secret, struct fault *fault)
{
    g_auto(GStrv) parts = g_strsplit_set(secret, WEBHOOK_SECRETS_BETWEEN, -1);
    bool is_good = true;
    for (size_t i = 0; parts[i] != NULL; i++) {
        unsigned char key[WEBHOOK_KEY_MAX];
        size_t size = 0;
        is_good = is_good && (*parts[i] == '\0' || webhook_key_read(parts[i], key, &size));
        sodium_memzero(key, sizeof key);
    }
    return is_good ||
           fault_set(fault, "secret",
                     "is no webhook's secret, which is whsec_ followed by %d to %d bytes in base64",
                     (int)WEBHOOK_KEY_MIN, (int)WEBHOOK_KEY_MAX);
}

bool secret_judge(int kind, const char *secret, struct fault *fault)
{
    if (kind == CONTACT_WEBHOOK) {
        return judge_webhook_secret(secret, fault);
    }
    return has_only_graphic(secret) ||
           fault_set(fault, "secret", "must not contain spaces or control characters");
}

static bool refuse_webhook_secret(struct fault *fault)
{
    return fault_set(fault, "secret",
                     "must be whsec_ followed by %d to %d bytes in base64, or a reference such "
                     "as env:TOCSIN_SECRET_NAME",
                     (int)WEBHOOK_KEY_MIN, (int)WEBHOOK_KEY_MAX);
}

/* As version 0.1 took it. What is stored must go on being read: one webhook that cannot be signed must not keep
 * everybody's server from starting. */
static bool is_storable_webhook_secret(const char *secret)
{
    gsize size = 0;
    if (g_str_has_prefix(secret, WEBHOOK_SECRET_PREFIX)) {
        g_free(g_base64_decode(secret + strlen(WEBHOOK_SECRET_PREFIX), &size));
    }
    return size >= WEBHOOK_KEY_STORED_MIN;
}

static bool judge_stored_secret(int kind, const char *secret, struct fault *fault)
{
    if (secret == NULL || is_secret_reference(secret)) {
        return true;
    }
    if (!has_only_graphic(secret)) {
        return fault_set(fault, "secret", "must not contain spaces or control characters");
    }
    return kind != CONTACT_WEBHOOK || is_storable_webhook_secret(secret) ||
           refuse_webhook_secret(fault);
}

bool secret_judge_written(int kind, const char *secret, struct fault *fault)
{
    struct fault unheard = {0};
    if (kind != CONTACT_WEBHOOK || secret == NULL || is_secret_reference(secret)) {
        return true;
    }
    bool is_whole =
        g_str_has_prefix(secret, WEBHOOK_SECRET_PREFIX) && judge_webhook_secret(secret, &unheard);
    return is_whole || refuse_webhook_secret(fault);
}

bool address_judge(int kind, const char *to, const char *secret, struct fault *fault)
{
    if (to == NULL) {
        return kind == CONTACT_LOG || fault_set(fault, "to", "is required");
    }
    if (kind == CONTACT_LOG) {
        return has_only_graphic(to) ||
               fault_set(fault, "to", "must not contain spaces or control characters");
    }
    if (!has_only_graphic(to)) {
        return fault_set(fault, "to", "must not contain spaces or control characters");
    }
    if (kind == CONTACT_EMAIL ? !judge_email(to, fault) : !judge_url(to, fault)) {
        return false;
    }
    if (!judge_bot(kind, to, secret, fault)) {
        return false;
    }
    return judge_stored_secret(kind, secret, fault);
}

char *address_shown(const char *to)
{
    const char *host = to != NULL ? strstr(to, "://") : NULL;
    if (host == NULL) {
        return g_strdup(to);
    }
    host += strlen("://");
    size_t length = strcspn(host, "/?#");
    const char *user = memchr(host, '@', length);
    size_t skipped = user != NULL ? (size_t)(user + 1 - host) : 0;
    return g_strdup_printf("%.*s%.*s/…", (int)(host - to), to, (int)(length - skipped),
                           host + skipped);
}
