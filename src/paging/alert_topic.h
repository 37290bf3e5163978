/* paging/alert_topic.h - an alert as something that people are paged about. */
#ifndef PAGING_ALERT_TOPIC_H
#define PAGING_ALERT_TOPIC_H

#include "alert/alert.h"
#include "alert/alert_events.h"
#include "paging/topic.h"

/* For pager_add_topics. */
extern const struct topic_kind ALERT_TOPIC;

/* The alert that was just read or written, as a topic that borrows it; not to be cleared. */
NODISCARD struct topic alert_topic(struct alert *alert);

/* Of a topic of this kind; borrowed. */
NODISCARD const struct alert *alert_of_topic(const struct topic *topic);

#endif
