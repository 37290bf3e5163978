/* sim/noise.h - what each mailbox got lately, and whether its provider refuses: for the auditor. */
#ifndef SIM_NOISE_H
#define SIM_NOISE_H

#include "base/check.h"

struct noise;

NODISCARD struct noise *noise_create(void);
void noise_destroy(struct noise **noise);

struct noise_counts {
    int in_minute; /* with the one that is counted */
    int in_hour;
};

/* One more message, at `now_us` of the elapsed clock, to a mailbox ("contact/urgency") of `who`. */
struct noise_counts noise_count(struct noise *noise, const char *who, const char *mailbox,
                                int64_t now_us);
/* The provider answered: did it refuse the message before? Nobody waits for what waits there then. */
bool noise_refused(struct noise *noise, const char *who, const char *mailbox, bool is_refused);

#endif
