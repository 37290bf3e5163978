#include "alert/href.h"

#include <glib.h>
#include <string.h>

#include "base/unicode.h"

/* No part of any address (RFC 3986), and quotes, which end one in HTML and in chats' own forms. */
static bool is_out_of_place(gunichar c)
{
    return c == ' ' || (c < 0x80 && strchr("\"'<>\\^`{|}", (int)c) != NULL) || unichar_is_trick(c);
}

/* What follows "http://" or "https://"; NULL: it begins with neither. */
static const char *after_scheme(const char *href)
{
    static const char *const SCHEMES[] = {"http://", "https://"};
    for (size_t i = 0; i < G_N_ELEMENTS(SCHEMES); i++) {
        size_t length = strlen(SCHEMES[i]);
        if (g_ascii_strncasecmp(href, SCHEMES[i], length) == 0) {
            return href + length;
        }
    }
    return NULL;
}

/* Encoded, it would lead to another host than it names. */
static bool names_a_host(const char *host)
{
    const char *end = host + strcspn(host, "/?#");
    for (const char *at = host; at < end; at += g_utf8_skip[(guchar)*at]) {
        if (is_out_of_place(g_utf8_get_char(at))) {
            return false;
        }
    }
    return end > host;
}

char *href_mended(const char *href)
{
    g_autofree char *bare = g_strchomp(g_strdup(href));
    const char *host = after_scheme(bare);
    if (host == NULL || !g_utf8_validate(bare, -1, NULL) || !names_a_host(host)) {
        return NULL;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *at = bare; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar c = g_utf8_get_char(at);
        if (unichar_is_control(c)) {
            return NULL;
        }
        if (!is_out_of_place(c)) {
            /* The scheme in small letters, as those who judge a link by its beginning expect it. */
            g_string_append_unichar(out, at < host ? (gunichar)g_ascii_tolower(*at) : c);
            continue;
        }
        for (guint i = 0; i < (guint)g_utf8_skip[(guchar)*at]; i++) {
            g_string_append_printf(out, "%%%02X", (unsigned)(guchar)at[i]);
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
