/* Any text as a token: never taken without the key; any link that is written is read back. */
#include "paging/link.h"

#include <string.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const unsigned char KEY[LINK_KEY_SIZE] = {1, 2, 3};
    struct link link = {0};
    struct link back = {0};
    struct fault fault = {0};
    char token[LINK_TOKEN_SIZE];
    g_autofree char *text = g_strndup((const char *)bytes, size);
    CHECK(!link_read(text, KEY, (struct utc){1}, &back, &fault));
    CHECK(fault.text[0] != '\0');
    link.kind = size > 0 ? LINK_SUBJECT + bytes[0] % 3 : LINK_SUBJECT;
    memcpy(&link.id, bytes, MIN(size, sizeof link.id));
    if (link.kind == LINK_SUBJECT) {
        bool is_alert = size < 2 || bytes[1] % 2 == 0;
        g_strlcpy(link.subject_kind, is_alert ? "alert" : "drill", sizeof link.subject_kind);
    }
    link.expires_at = UTC_NEVER;
    g_strlcpy(link.user, text, sizeof link.user);
    link_write(&link, KEY, token);
    CHECK(link_read(token, KEY, (struct utc){1}, &back, &fault));
    CHECK(back.kind == link.kind && back.id == link.id &&
          strcmp(back.subject_kind, link.subject_kind) == 0);
    CHECK(strcmp(back.user, link.user) == 0);
    return 0;
}
