/* channel/chat.h - what Slack and Mattermost have in common. Private to channel/.
 *
 * Both take a message at an incoming webhook, whose address says all, or from a bot, whose request names the
 * channel and bears a token. What a bot has written it may write anew: struct message's update_id. */
#ifndef CHANNEL_CHAT_H
#define CHANNEL_CHAT_H

#include "channel/driver.h"

/* Gives the parcel its URL, and a bot's its token. False: a webhook. */
NODISCARD bool chat_address(struct parcel *parcel, const struct address *address);

/* Ids become part of the record and of requests: letters, digits and dots, at most 60, or none. */
NODISCARD bool chat_is_id(const char *id);

/* Did a chat say that it took the message? Another server at that address would not. */
NODISCARD bool chat_is_ok(const json_t *answer, const char *body);
/* It did not: nobody knows. */
void chat_no_ok(const struct provider_answer *answer, struct send_result *out);

#endif
