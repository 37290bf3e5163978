#include "config/config_check.h"
#include "config/config_export.h"
#include "people/secret.h"
#include "people/user.h"

static bool check_channel(const struct config *config, const void *item, struct fault *fault)
{
    (void)config;
    return config_check_zone(((const struct chat_channel *)item)->time_zone, fault);
}

static bool check_meaning(const struct config *config, const void *item, struct fault *fault)
{
    const struct chat_channel *channel = item;
    (void)config;
    return secret_check_written(channel->kind, channel->secret, fault);
}

static void tidy_channel(const void *item, json_t *written, GPtrArray *notes)
{
    const struct chat_channel *channel = item;
    config_leave_out(written, "time_zone", "UTC");
    config_leave_out(written, "language", "en");
    secret_note(channel->secret, "channel", channel->name, notes);
}

const struct config_kind CHAT_CHANNEL_KIND = {
    .section = "channels",
    .noun = "channel",
    .number = 3,
    .place = 300,
    .record = &CHAT_CHANNEL_RECORD,
    .check = check_channel,
    .check_meaning = check_meaning,
    .tidy = tidy_channel,
};

const struct chat_channel *chat_channel_find(const struct config *config, const char *name)
{
    return config_find(config, &CHAT_CHANNEL_KIND, name);
}
