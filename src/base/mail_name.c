#include "base/mail_name.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_full_name(const char *host)
{
    const char *dot = strchr(host, '.');
    for (const char *at = host; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && *at != '.' && *at != '-') {
            return false;
        }
    }
    return dot != NULL && dot != host && dot[1] != '\0';
}

static char *host_of(const char *url)
{
    const char *start = url != NULL ? strstr(url, "://") : NULL;
    if (start == NULL) {
        return g_strdup("");
    }
    start += strlen("://");
    size_t authority = strcspn(start, "/?#");
    for (size_t i = 0; i < authority; i++) {
        if (start[i] == '@') {
            return g_strdup("");
        }
    }
    bool is_v6 = *start == '[';
    return g_strndup(start + is_v6, strcspn(start + is_v6, is_v6 ? "]/?#" : ":/?#"));
}

static char *greeting_of_host(const char *host)
{
    struct in6_addr room;
    if (inet_pton(AF_INET, host, &room) == 1) {
        return g_strdup_printf("[%s]", host);
    }
    if (inet_pton(AF_INET6, host, &room) == 1) {
        return g_strdup_printf("[IPv6:%s]", host);
    }
    g_autofree char *ascii = g_hostname_to_ascii(host);
    bool is_full = ascii != NULL && is_full_name(ascii);
    return is_full ? g_steal_pointer(&ascii) : g_strdup("[127.0.0.1]");
}

/* Letters, digits and hyphens, by RFC 1123 2.1. */
static bool is_label(const char *label)
{
    enum { LABEL_MAX = 63 };

    size_t size = strlen(label);
    for (const char *at = label; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && *at != '-') {
            return false;
        }
    }
    return size > 0 && size <= LABEL_MAX && label[0] != '-' && label[size - 1] != '-';
}

static bool is_host_name(const char *name)
{
    enum { NAME_MAX_BYTES = 253 };

    g_auto(GStrv) labels = g_strsplit(name, ".", -1);
    bool is_name = labels[0] != NULL && strlen(name) <= NAME_MAX_BYTES;
    for (char **label = labels; is_name && *label != NULL; label++) {
        is_name = is_label(*label);
    }
    return is_name;
}

/* RFC 5321 4.1.3 */
static bool is_literal(const char *name)
{
    static const char V6[] = "[IPv6:";
    struct in6_addr room;
    size_t size = strlen(name);
    bool is_v6 = g_ascii_strncasecmp(name, V6, strlen(V6)) == 0;
    if (size < 2 || name[0] != '[' || name[size - 1] != ']') {
        return false;
    }
    size_t start = is_v6 ? strlen(V6) : 1;
    g_autofree char *inside = g_strndup(name + start, size - start - 1);
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, inside, &room) == 1;
}

char *mail_hello(const char *name)
{
    struct in6_addr room;
    bool is_address = inet_pton(AF_INET, name, &room) == 1 || inet_pton(AF_INET6, name, &room) == 1;
    if (is_address || is_literal(name)) {
        return is_address ? greeting_of_host(name) : g_strdup(name);
    }
    g_autofree char *ascii = g_hostname_to_ascii(name);
    return ascii != NULL && is_host_name(ascii) ? g_steal_pointer(&ascii) : NULL;
}

/* Where the path begins, or the end. */
static const char *path_of(const char *smtp_url)
{
    const char *host = strstr(smtp_url, "://") + strlen("://");
    return host + strcspn(host, "/");
}

char *mail_hello_of_url(const char *smtp_url)
{
    const char *path = path_of(smtp_url);
    return path[0] == '\0' || path[1] == '\0' ? NULL : g_uri_unescape_string(path + 1, NULL);
}

char *mail_greeting_url(const char *smtp_url, const char *hello, const char *public_url)
{
    g_autofree char *of_url = mail_hello_of_url(smtp_url);
    const char *given = of_url != NULL ? of_url : hello;
    g_autofree char *host = host_of(public_url);
    g_autofree char *name = given != NULL ? mail_hello(given) : NULL;
    if (name == NULL) {
        name = greeting_of_host(host);
    }
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);
    return g_strdup_printf("%.*s/%s", (int)(path_of(smtp_url) - smtp_url), smtp_url, escaped);
}

char *mail_ascii_address(const char *address)
{
    const char *at = strrchr(address, '@');
    g_autofree char *local = at != NULL ? g_strndup(address, (gsize)(at - address)) : NULL;
    if (local == NULL || !g_str_is_ascii(local)) {
        return NULL;
    }
    g_autofree char *domain = g_hostname_to_ascii(at + 1);
    return domain != NULL ? g_strdup_printf("%s@%s", local, domain) : NULL;
}
