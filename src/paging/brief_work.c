#include "paging/brief.h"

#include <string.h>

#include "alert/service.h"
#include "base/json.h"
#include "paging/mail_store.h"
#include "paging/step.h"

enum { TOLD_MAX = 50 };

struct policy *policy_version_read(struct db *db, int64_t version)
{
    struct fault fault = {0};
    g_autofree char *spec = version != 0 ? policy_version_load(db, version) : NULL;
    json_auto_t *value = spec != NULL ? json_read(spec, strlen(spec), &fault) : NULL;
    return value != NULL ? record_new(&POLICY_RECORD, value, &fault) : NULL;
}

/* Whom the next step names, as things are configured now. */
static void judge_next(const struct config *config, const struct policy *policy,
                       const struct escalation *e, int severity, struct brief *out)
{
    const struct stand stand = {
        .policy = policy,
        .config = config,
        .severity = severity,
        .step = e->step,
        .round = e->round,
        .is_last_resort = e->state == ESCALATION_LAST_RESORT,
    };
    struct verdict verdict;
    step_judge(&stand, e->next_at, &verdict);
    for (guint i = 0; i < verdict.tellings->len; i++) {
        const struct telling *telling = g_ptr_array_index(verdict.tellings, i);
        g_ptr_array_add(out->next, g_strdup(telling->who));
    }
    out->next_at = e->next_at;
    verdict_clear(&verdict);
}

static void read_next(struct db *db, const struct config *config, const struct policy *policy,
                      const struct topic *topic, struct brief *out)
{
    struct escalation e = {0};
    if (!escalation_of(db, topic->subject, &e) || !utc_is_set(e.next_at)) {
        return;
    }
    if (e.state == ESCALATION_PAUSED && topic_is_snoozed(topic)) {
        e.step = 0; /* where it begins when the snooze ends */
        e.round = 0;
    } else if (e.state != ESCALATION_ACTIVE && e.state != ESCALATION_LAST_RESORT) {
        return;
    }
    if (policy != NULL) {
        judge_next(config, policy, &e, topic->severity, out);
        return;
    }
    struct policy *own = policy_version_read(db, e.policy_version);
    judge_next(config, own, &e, topic->severity, out);
    record_free(&POLICY_RECORD, own);
}

void brief_read(struct db *db, const struct config *config, const struct policy *policy,
                const struct topic *topic, struct brief *out)
{
    *out = (struct brief){
        .told = page_receivers(db, topic->subject, TOLD_MAX),
        .next = g_ptr_array_new_with_free_func(g_free),
    };
    read_next(db, config, policy, topic, out);
}

void brief_read_hold(struct db *db, struct subject subject, struct utc now, struct brief *brief)
{
    struct escalation e = {0};
    if (!utc_is_set(brief->next_at) || !escalation_of(db, subject, &e)) {
        return;
    }
    struct utc since = utc_add(now, (struct span){-ABOUT_TO_GO.us});
    struct utc until = escalation_held_until(db, &e, since, now);
    struct utc goes_at = utc_add(until, (struct span){-e.wait.us});
    if (utc_is_set(until) && utc_before(now, goes_at)) {
        brief->goes_at = goes_at;
        brief->next_at = until;
    }
}

void brief_clear(struct brief *brief)
{
    g_clear_pointer(&brief->told, g_ptr_array_unref);
    g_clear_pointer(&brief->next, g_ptr_array_unref);
    *brief = (struct brief){0};
}

bool brief_why(struct db *db, const struct config *config, int language,
               const struct brief_page *of, struct why *out)
{
    struct page page = {0};
    struct escalation e = {0};
    int64_t id = of->delivery_id != 0 ? delivery_page(db, of->delivery_id, of->subject)
                                      : page_last(db, of->subject, of->who);
    if (id == 0 || !page_load(db, id, &page)) {
        return false;
    }
    struct policy *policy = NULL;
    if (page.escalation_id != 0 && escalation_load(db, page.escalation_id, &e)) {
        policy = policy_version_read(db, e.policy_version);
    }
    why_read(config, language, page.reason, policy != NULL ? policy->name : "", out);
    record_free(&POLICY_RECORD, policy);
    page_clear(&page);
    return true;
}
