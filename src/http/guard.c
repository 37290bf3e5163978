#include "http/guard.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

struct special {
    unsigned char bytes[16];
    unsigned bits;
    const char *what;
};

#define V4(a, b, c, d)                                       \
    {                                                        \
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d \
    }
#define V4_BITS(n) (96 + (n))
#define IS_MAPPED(bytes) (memcmp(bytes, MAPPED, sizeof MAPPED) == 0)

static const unsigned char MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static const struct special DENIED_V4[] = {
    {V4(0, 0, 0, 0), V4_BITS(8), "an unspecified address"},
    {V4(10, 0, 0, 0), V4_BITS(8), "a private address"},
    {V4(100, 64, 0, 0), V4_BITS(10), "a shared (CGNAT) address"},
    {V4(127, 0, 0, 0), V4_BITS(8), "a loopback address"},
    {V4(169, 254, 0, 0), V4_BITS(16), "a link-local address"},
    {V4(172, 16, 0, 0), V4_BITS(12), "a private address"},
    {V4(192, 0, 0, 0), V4_BITS(24), "a special address"},
    {V4(192, 0, 2, 0), V4_BITS(24), "a documentation address"},
    {V4(192, 88, 99, 0), V4_BITS(24), "a special address"},
    {V4(192, 168, 0, 0), V4_BITS(16), "a private address"},
    {V4(198, 18, 0, 0), V4_BITS(15), "a benchmarking address"},
    {V4(198, 51, 100, 0), V4_BITS(24), "a documentation address"},
    {V4(203, 0, 113, 0), V4_BITS(24), "a documentation address"},
    {V4(224, 0, 0, 0), V4_BITS(4), "a multicast address"},
    {V4(240, 0, 0, 0), V4_BITS(4), "a reserved address"},
};

/* Of IPv6 only 2000::/3 is given out to the world; everything else is refused further down. */
static const struct special DENIED_V6[] = {
    {{0x20, 0x01, 0, 1}, 32, "a special address"},
    {{0x20, 0x01, 0, 2}, 48, "a benchmarking address"},
    {{0x20, 0x01, 0, 0x10}, 28, "a special address"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "a documentation address"},
    {{0x3f, 0xff}, 20, "a documentation address"},
};

static const struct special NAMED_V6[] = {
    {{0}, 128, "an unspecified address"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "a loopback address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xfe, 0xc0}, 10, "a private (site-local) address"},
    {{0xfc}, 7, "a private (unique local) address"},
    {{0xff}, 8, "a multicast address"},
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, "a private (local NAT64) address"},
};

/* Where clouds answer to whoever asks with the machine's own credentials. */
static const struct special METADATA[] = {
    {V4(169, 254, 169, 254), 128, "a cloud metadata address"},
    {V4(169, 254, 170, 2), 128, "a cloud metadata address"},
    {V4(169, 254, 169, 253), 128, "a cloud metadata address"},
    {V4(100, 100, 100, 200), 128, "a cloud metadata address"},
    {V4(168, 63, 129, 16), 128, "a cloud metadata address"},
    {V4(192, 0, 0, 192), 128, "a cloud metadata address"},
    {{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     "a cloud metadata address"},
    {{0xfd, 0x20, 0x0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     "a cloud metadata address"},
};

static bool is_in(const unsigned char address[16], const unsigned char block[16], unsigned bits)
{
    size_t whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(address, block, whole) != 0) {
        return false;
    }
    if (rest == 0) {
        return true;
    }
    unsigned mask = 0xffU << (8 - rest);
    return ((address[whole] ^ block[whole]) & mask & 0xffU) == 0;
}

static const char *find(const struct special *table, size_t count, const unsigned char address[16])
{
    for (size_t i = 0; i < count; i++) {
        if (is_in(address, table[i].bytes, table[i].bits)) {
            return table[i].what;
        }
    }
    return NULL;
}

/* `least` is the smallest block that counts: 128 for metadata. */
static bool is_listed(const struct guard *guard, const unsigned char address[16], unsigned least)
{
    for (size_t i = 0; i < guard->block_count; i++) {
        const struct guard_block *block = &guard->blocks[i];
        if (block->bits >= least && is_in(address, block->bytes, block->bits)) {
            return true;
        }
    }
    return false;
}

static const char *denied_kind(const unsigned char address[16])
{
    if (IS_MAPPED(address)) {
        return find(DENIED_V4, G_N_ELEMENTS(DENIED_V4), address);
    }
    const char *what = find(NAMED_V6, G_N_ELEMENTS(NAMED_V6), address);
    if (what != NULL) {
        return what;
    }
    what = find(DENIED_V6, G_N_ELEMENTS(DENIED_V6), address);
    if (what == NULL && (address[0] & 0xe0) != 0x20) {
        what = "an address outside the public range";
    }
    return what;
}

/* NULL when this one address is fine by itself; what it carries is asked about separately. */
static const char *judge_plain(const struct guard *guard, const unsigned char address[16])
{
    const char *metadata = find(METADATA, G_N_ELEMENTS(METADATA), address);
    if (metadata != NULL) {
        return is_listed(guard, address, 128) ? NULL : metadata;
    }
    const char *denied = denied_kind(address);
    return denied != NULL && is_listed(guard, address, 0) ? NULL : denied;
}

static void carry(unsigned char out[16], const unsigned char v4[4], unsigned char flip)
{
    memcpy(out, MAPPED, sizeof MAPPED);
    for (size_t i = 0; i < 4; i++) {
        out[12 + i] = v4[i] ^ flip;
    }
}

/* The IPv4 addresses inside an IPv6 address, in mapped form; how many. `out_is_route`: the address
 * is only a way of writing the IPv4 address that is reached (NAT64). */
static size_t carried(const unsigned char address[16], unsigned char out[3][16], bool *out_is_route)
{
    static const unsigned char COMPATIBLE[12] = {0};
    static const unsigned char TRANSLATED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0};
    static const unsigned char NAT64[12] = {0, 0x64, 0xff, 0x9b};
    static const unsigned char TEREDO[4] = {0x20, 0x01, 0, 0};
    size_t count = 0;
    *out_is_route = memcmp(address, NAT64, 12) == 0;
    if (*out_is_route || memcmp(address, COMPATIBLE, 12) == 0 ||
        memcmp(address, TRANSLATED, 12) == 0) {
        carry(out[count++], address + 12, 0);
        return count;
    }
    if (address[0] == 0x20 && address[1] == 0x02) {
        carry(out[count++], address + 2, 0);
    }
    if (memcmp(address, TEREDO, sizeof TEREDO) == 0) {
        carry(out[count++], address + 4, 0);
        carry(out[count++], address + 12, 0xff);
    }
    bool is_isatap =
        (address[8] & 0xfd) == 0 && address[9] == 0 && address[10] == 0x5e && address[11] == 0xfe;
    if (is_isatap) {
        carry(out[count++], address + 12, 0);
    }
    return count;
}

static const char *judge(const struct guard *guard, const unsigned char address[16])
{
    static const unsigned char SELF[15] = {0};
    bool is_route = false;
    unsigned char inside[3][16];
    /* :: and ::1 are of the form that carries an IPv4 address, and mean something else. */
    bool is_self = memcmp(address, SELF, sizeof SELF) == 0 && address[15] <= 1;
    size_t count = is_self || IS_MAPPED(address) ? 0 : carried(address, inside, &is_route);
    for (size_t i = 0; i < count; i++) {
        const char *what = judge_plain(guard, inside[i]);
        if (what != NULL) {
            return what;
        }
    }
    return is_route ? NULL : judge_plain(guard, address);
}

static bool to_bytes(const struct sockaddr *address, unsigned char out[16])
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(out, MAPPED, sizeof MAPPED);
        memcpy(out + 12, &v4.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        memcpy(out, &v6.sin6_addr, 16);
        return true;
    }
    return false;
}

static void to_text(const unsigned char bytes[16], char out[INET6_ADDRSTRLEN])
{
    bool is_v4 = IS_MAPPED(bytes);
    const void *from = is_v4 ? bytes + 12 : bytes;
    CHECK(inet_ntop(is_v4 ? AF_INET : AF_INET6, from, out, INET6_ADDRSTRLEN) != NULL);
}

bool guard_allows(const struct guard *guard, const struct sockaddr *address,
                  char reason[GUARD_REASON_SIZE])
{
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];
    reason[0] = '\0';
    if (!to_bytes(address, bytes)) {
        g_strlcpy(reason, "neither an IPv4 nor an IPv6 address", GUARD_REASON_SIZE);
        return false;
    }
    const char *what = judge(guard, bytes);
    if (what == NULL) {
        return true;
    }
    to_text(bytes, text);
    g_snprintf(reason, GUARD_REASON_SIZE, "%s is %s; to allow it, list it in TOCSIN_ALLOW_PRIVATE",
               text, what);
    return false;
}

static bool parse_address(const char *text, unsigned char out[16], unsigned *out_bits)
{
    if (inet_pton(AF_INET, text, out + 12) == 1) {
        memcpy(out, MAPPED, sizeof MAPPED);
        *out_bits = 32;
        return true;
    }
    *out_bits = 128;
    return inet_pton(AF_INET6, text, out) == 1;
}

static const char GUARD_SETTING[] = "--allow-private (TOCSIN_ALLOW_PRIVATE)";

static bool parse_block(const char *called, char *text, struct guard_block *out,
                        struct fault *fault)
{
    unsigned width = 0;
    guint64 bits = 0;
    unsigned char tail[16] = {0};
    char *slash = strchr(text, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    if (!parse_address(text, out->bytes, &width)) {
        return fault_set(fault, called,
                         "\"%s\" is not an address; write blocks such as 127.0.0.0/8 or fd00::/8, "
                         "with commas between",
                         text);
    }
    bits = width;
    if (slash != NULL && !g_ascii_string_to_unsigned(slash + 1, 10, 0, width, &bits, NULL)) {
        return fault_set(fault, called, "\"%s/%s\" needs a length from 0 to %u", text, slash + 1,
                         width);
    }
    out->bits = (unsigned)bits + (128 - width);
    for (unsigned i = out->bits; i < 128; i++) {
        tail[i / 8] |= (unsigned char)(out->bytes[i / 8] & (0x80U >> (i % 8)));
    }
    static const unsigned char NOTHING[16] = {0};
    if (memcmp(tail, NOTHING, sizeof tail) != 0) {
        return fault_set(
            fault, called,
            "\"%s/%u\" has bits set behind its length; write the block's first address", text,
            (unsigned)bits);
    }
    return true;
}

bool guard_read_as(const char *called, const char *list, struct guard *out, struct fault *fault)
{
    *out = (struct guard){0};
    g_auto(GStrv) parts = g_strsplit(list != NULL ? list : "", ",", -1);
    for (size_t i = 0; parts[i] != NULL; i++) {
        char *part = g_strstrip(parts[i]);
        if (*part == '\0') {
            continue;
        }
        if (out->block_count == GUARD_BLOCKS_MAX) {
            return fault_set(fault, called, "more than %d blocks; join some of them",
                             GUARD_BLOCKS_MAX);
        }
        if (!parse_block(called, part, &out->blocks[out->block_count], fault)) {
            return false;
        }
        out->block_count++;
    }
    return true;
}

bool guard_read(const char *list, struct guard *out, struct fault *fault)
{
    return guard_read_as(GUARD_SETTING, list, out, fault);
}

bool guard_lists(const struct guard *guard, const char *address)
{
    unsigned char bytes[16];
    unsigned width = 0;
    return parse_address(address, bytes, &width) && is_listed(guard, bytes, 0);
}

bool address_write(const char *text, char out[INET6_ADDRSTRLEN])
{
    unsigned char bytes[16];
    unsigned width = 0;
    if (!parse_address(text, bytes, &width)) {
        return false;
    }
    to_text(bytes, out);
    return true;
}

void address_network(const char *text, unsigned char out[16])
{
    unsigned width = 0;
    if (!parse_address(text, out, &width)) {
        memset(out, 0, 16);
    } else if (!IS_MAPPED(out)) {
        memset(out + 8, 0, 8);
    }
}

/* Ports that speak something a request line could be mistaken for, as browsers refuse them. */
static bool is_other_protocol(guint64 port)
{
    static const guint16 PORTS[] = {
        1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,    23,   25,   37,
        42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,   104,  109,  110,
        111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,   179,  389,  427,
        465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,   554,  556,  563,
        587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049,  3659, 4045, 5060,
        5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 11211,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(PORTS); i++) {
        if (PORTS[i] == port) {
            return true;
        }
    }
    return false;
}

static bool judge_host(const struct guard *guard, const char *host, struct fault *fault)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    char reason[GUARD_REASON_SIZE] = "";
    g_autofree char *bare = g_strdup(host);
    bool is_allowed = true;
    if (host[0] == '[') {
        g_autofree char *inside = g_strndup(host + 1, strcspn(host + 1, "]%"));
        if (inet_pton(AF_INET6, inside, &v6.sin6_addr) != 1) {
            return fault_set(fault, "", "\"%s\" is not an IPv6 address", host);
        }
        is_allowed = guard_allows(guard, (const struct sockaddr *)&v6, reason);
    } else {
        size_t size = strlen(bare);
        if (size > 1 && bare[size - 1] == '.') { /* "127.0.0.1." is the same host */
            bare[size - 1] = '\0';
        }
        if (inet_aton(bare, &v4.sin_addr) == 1) {
            is_allowed = guard_allows(guard, (const struct sockaddr *)&v4, reason);
        }
    }
    return is_allowed || fault_set(fault, "", "%s", reason);
}

static bool judge_parts(const struct guard *guard, CURLU *parts, struct fault *fault)
{
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    char *user = NULL;
    guint64 number = 0;
    bool is_fine = false;
    bool has_user = curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK;
    has_user = has_user || curl_url_get(parts, CURLUPART_PASSWORD, &user, 0) == CURLUE_OK;
    bool has_parts = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                     curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                     curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    if (!has_parts || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        fault_set(fault, "", "only http:// and https:// addresses with a host are called");
    } else if (has_user) {
        fault_set(fault, "", "leave the user name and password out of the address");
    } else if (!g_ascii_string_to_unsigned(port, 10, 1, 65535, &number, NULL) ||
               is_other_protocol(number)) {
        fault_set(fault, "", "port %s belongs to another protocol; use the port of a web server",
                  port);
    } else {
        is_fine = judge_host(guard, host, fault);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    return is_fine;
}

bool guard_url(const struct guard *guard, const char *url, struct fault *fault)
{
    for (const char *at = url; *at != '\0'; at++) {
        if (g_ascii_iscntrl(*at) || *at == ' ' || *at == '\\') {
            return fault_set(fault, "", "the address has a space, backslash or control character");
        }
    }
    CURLU *parts = curl_url();
    CHECK(parts != NULL);
    const char *rest = strstr(url, "://");
    bool has_host = rest != NULL && rest[3] != '/'; /* curl would take "http:///x" for "http://x" */
    bool is_url = has_host && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK;
    bool is_fine = is_url ? judge_parts(guard, parts, fault)
                          : fault_set(fault, "",
                                      "this is not an address such as "
                                      "https://hooks.example.com/x");
    curl_url_cleanup(parts);
    return is_fine;
}

static curl_socket_t open_socket(void *self, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct guard_watch *watch = self;
    (void)purpose;
    if (!guard_allows(watch->guard, &address->addr, watch->reason)) {
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Once more, of the connection as it stands (it may be an older one that is used again). */
static int before_request(void *self, char *peer, char *local, int peer_port, int local_port)
{
    struct guard_watch *watch = self;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    bool is_allowed = false;
    (void)local;
    (void)peer_port;
    (void)local_port;
    if (inet_pton(AF_INET, peer, &v4.sin_addr) == 1) {
        is_allowed = guard_allows(watch->guard, (const struct sockaddr *)&v4, watch->reason);
    } else if (inet_pton(AF_INET6, peer, &v6.sin6_addr) == 1) {
        is_allowed = guard_allows(watch->guard, (const struct sockaddr *)&v6, watch->reason);
    } else {
        g_strlcpy(watch->reason, "the peer has no IPv4 or IPv6 address", GUARD_REASON_SIZE);
    }
    return is_allowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

void guard_equip(struct guard_watch *watch, CURL *easy)
{
    watch->reason[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, watch);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, watch);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
}
