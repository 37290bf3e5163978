#include "http/forwarded.h"

#include <glib.h>

#include <arpa/inet.h>
#include <string.h>

enum { HOPS_MAX = 16 };

/* "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1", in any of them quoted. */
static bool read_address(const char *text, size_t size, char out[INET6_ADDRSTRLEN])
{
    char copy[INET6_ADDRSTRLEN + 16];
    if (size == 0 || size >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    char *at = copy;
    char *end = NULL;
    if (*at == '[') {
        at++;
        end = strchr(at, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
            return false;
        }
    } else if (strchr(at, ':') != NULL && strchr(at, ':') == strrchr(at, ':')) {
        end = strchr(at, ':');
    }
    if (end != NULL) {
        *end = '\0';
    }
    return address_write(at, out);
}

static void trim(const char **text, size_t *size)
{
    while (*size > 0 && strchr(" \t", **text) != NULL) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && strchr(" \t", (*text)[*size - 1]) != NULL) {
        (*size)--;
    }
    if (*size >= 2 && **text == '"' && (*text)[*size - 1] == '"') {
        (*text)++;
        *size -= 2;
    }
}

/* The value of `for` among the pairs of one hop ("for=192.0.2.60;proto=http;by=203.0.113.43"). */
static bool find_for(const char **text, size_t *size)
{
    const char *end = *text + *size;
    for (const char *at = *text; at < end;) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        const char *pair = at;
        size_t pair_size = (size_t)(stop - at);
        trim(&pair, &pair_size);
        if (pair_size > 4 && g_ascii_strncasecmp(pair, "for=", 4) == 0) {
            *text = pair + 4;
            *size = pair_size - 4;
            return true;
        }
        at = stop + 1;
    }
    return false;
}

/* Cuts the last element off a list with commas. False: there is none. */
static bool cut_last(const char *list, size_t *size, const char **out, size_t *out_size)
{
    if (*size == 0) {
        return false;
    }
    size_t start = *size;
    while (start > 0 && list[start - 1] != ',') {
        start--;
    }
    *out = list + start;
    *out_size = *size - start;
    *size = start > 0 ? start - 1 : 0;
    return true;
}

/* Back along one list, from the address in `out`. */
static void follow(const struct guard *trusted, const char *list, bool is_rfc,
                   char out[INET6_ADDRSTRLEN])
{
    size_t left = strlen(list);
    for (int hop = 0; hop < HOPS_MAX && guard_lists(trusted, out); hop++) {
        const char *text = NULL;
        size_t size = 0;
        char before[INET6_ADDRSTRLEN];
        if (!cut_last(list, &left, &text, &size) || (is_rfc && !find_for(&text, &size))) {
            return;
        }
        trim(&text, &size);
        if (!read_address(text, size, before)) {
            return; /* "unknown", "_hidden", or nonsense: whom we know is the one who says so */
        }
        memcpy(out, before, sizeof before);
    }
}

void forwarded_client(const struct guard *trusted, const char *peer, const char *forwarded,
                      const char *for_list, char out[INET6_ADDRSTRLEN])
{
    if (!address_write(peer, out)) {
        out[0] = '\0';
        return;
    }
    char by_list[INET6_ADDRSTRLEN], by_rfc[INET6_ADDRSTRLEN];
    g_strlcpy(by_list, out, sizeof by_list);
    g_strlcpy(by_rfc, out, sizeof by_rfc);
    follow(trusted, for_list != NULL ? for_list : "", false, by_list);
    follow(trusted, forwarded != NULL ? forwarded : "", true, by_rfc);
    bool is_one = forwarded == NULL || for_list == NULL || strcmp(by_list, by_rfc) == 0;
    if (is_one) {
        g_strlcpy(out, forwarded != NULL ? by_rfc : by_list, INET6_ADDRSTRLEN);
    }
}
