#include "base/limits.h"
#include "people/address.h"
#include "people/user.h"

static void fill_channel(void *self)
{
    struct chat_channel *channel = self;
    if (channel->language == 0) {
        channel->language = LANGUAGE_EN;
    }
    if (channel->time_zone == NULL) {
        channel->time_zone = g_strdup("UTC");
    }
}

static bool check_channel(const void *self, struct fault *fault)
{
    const struct chat_channel *channel = self;
    if (channel->kind == CONTACT_EMAIL) {
        return fault_set(
            fault, "kind",
            "cannot be email, by which persons are told; make a mailing list a user with "
            "an e-mail contact instead");
    }
    return address_judge(channel->kind, channel->to, channel->secret, fault);
}

static const struct field FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct chat_channel, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Unique name, by which policy steps refer to the channel."},
    {.name = "kind",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct chat_channel, kind),
     .flags = FIELD_REQUIRED,
     .names = CONTACT_KIND_NAMES,
     .doc = "By which way messages go; not email."},
    {.name = "to",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct chat_channel, to),
     .min = 1,
     .max = 2048,
     .doc = "URL; not needed for log."},
    {.name = "secret",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct chat_channel, secret),
     .flags = FIELD_SECRET,
     .min = 1,
     .max = 1024,
     .doc = "Webhook: whsec_…; ntfy: access token; Slack and Mattermost: a bot's token; or a "
            "reference env:TOCSIN_SECRET_NAME, file:NAME."},
    {.name = "language",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct chat_channel, language),
     .names = LANGUAGE_NAMES,
     .doc = "Of messages; en when left out."},
    {.name = "time_zone",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct chat_channel, time_zone),
     .max = 64,
     .doc = "IANA identifier, for times in messages; UTC when left out."},
    {.name = "endings",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct chat_channel, endings),
     .names = ENDINGS_NAMES,
     .doc = "tell when left out: it hears when what it was told of is over; or skip."},
};

const struct record CHAT_CHANNEL_RECORD = {
    .name = "ChatChannel",
    .doc = "A chat channel or webhook that a policy step can tell.",
    .size = sizeof(struct chat_channel),
    .fields = FIELDS,
    .field_count = G_N_ELEMENTS(FIELDS),
    .fill = fill_channel,
    .check = check_channel,
};
