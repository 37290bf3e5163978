#include "channel/mail_name.h"

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

char *mail_greeting_url(const char *smtp_url, const char *hello, const char *public_url)
{
    const char *path = strchr(strstr(smtp_url, "://") + strlen("://"), '/');
    if (path != NULL && path[1] != '\0') {
        return g_strdup(smtp_url);
    }
    g_autofree char *host = host_of(public_url);
    g_autofree char *name = hello != NULL ? g_strdup(hello) : greeting_of_host(host);
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);
    return g_strdup_printf("%.*s/%s",
                           (int)(path != NULL ? (size_t)(path - smtp_url) : strlen(smtp_url)),
                           smtp_url, escaped);
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
