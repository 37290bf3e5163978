/* Any text as a key: whatever key_read takes, key_check_given takes as well, and hashing takes all. */
#include <glib.h>
#include <string.h>

#include "access/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    g_autofree char *text = g_strndup((const char *)bytes, size);
    struct fault fault = {0};
    bool is_given = key_check_given(text, &fault);
    CHECK(is_given == (fault.text[0] == '\0'));
    CHECK(strlen(text) < KEY_GIVEN_MIN || strstr(fault.text, text) == NULL); /* never repeated */
    int owner = key_read(text);
    CHECK(owner == 0 || is_given);
    CHECK(owner == 0 || enum_to_name(KEY_OWNER_NAMES, owner) != NULL);
    unsigned char hash[KEY_HASH_SIZE];
    key_hash(text, hash);
    if (size >= KEY_BYTES) { /* and what we write we read */
        char written[KEY_TEXT_SIZE];
        enum key_owner wanted = (enum key_owner)(bytes[0] % 4 + 1);
        key_write(wanted, bytes, written);
        CHECK(key_read(written) == (int)wanted);
    }
    return 0;
}
