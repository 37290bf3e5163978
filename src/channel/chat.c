#include "channel/chat.h"

#include <string.h>

#include "people/address.h"

bool chat_address(struct parcel *parcel, const struct address *address)
{
    if (!address_is_bot(address->kind, address->to)) {
        parcel->url = g_strdup(address->to);
        return false;
    }
    g_autofree char *bearer =
        g_strdup_printf("Bearer %s", address->secret != NULL ? address->secret : "");
    parcel->url = g_strndup(address->to, strcspn(address->to, "?#"));
    parcel_header(parcel, "Authorization", bearer);
    return true;
}

bool chat_is_id(const char *id)
{
    size_t size = strlen(id);
    return size > 0 && size <= 60 &&
           strspn(id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".") == size;
}

bool chat_is_ok(const json_t *answer, const char *body)
{
    return strncmp(body, "ok", 2) == 0 || json_is_true(json_object_get(answer, "ok")) ||
           json_is_true(json_object_get(answer, "success"));
}

void chat_no_ok(const struct provider_answer *answer, struct send_result *out)
{
    out->state = SEND_UNKNOWN;
    result_say(out, "HTTP %d without the \"ok\" of a chat; check the address", answer->status);
}
