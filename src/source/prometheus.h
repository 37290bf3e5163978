/* source/prometheus.h - Prometheus pointing at us as an Alertmanager, and what its alerts share with
 * Alertmanager's webhook: label sets. Format: Alertmanager API v2, POST /api/v2/alerts. */
#ifndef SOURCE_PROMETHEUS_H
#define SOURCE_PROMETHEUS_H

#include "source/source.h"

/* An alert that says no end is over when it was not repeated for this long (their resolve_timeout). */
#define PROMETHEUS_RESOLVE_AFTER SPAN_MIN(5)

/* A JSON array of alerts. An end that has come is a resolve; one ahead is a trigger that expires
 * then. False and a fault when the body is no such array, or none of its elements can be read. */
NODISCARD bool prometheus_read(const json_t *body, struct utc now, struct batch *out,
                               struct fault *fault);

/* The same for every order of the labels; empty values count as absent. Newly allocated. */
NODISCARD char *labels_fingerprint(const json_t *labels);

enum { LABELS_FINGERPRINT_SIZE = 17 };

/* The 64 bits, in hexadecimal, by which Prometheus and Alertmanager themselves know a label set (FNV-1a). Too few
 * to keep two alerts of an attacker's choosing apart, so it is shown and never compared. */
void labels_public_fingerprint(const json_t *labels, char out[LABELS_FINGERPRINT_SIZE]);

/* An object of texts, made of what stands at `name` of the alert: a label that is null is absent, any
 * other value that is no text becomes its JSON as text, and a thing that is no object is none. Where that
 * changes something it is told in `mend`. New reference; NULL for none. */
NODISCARD json_t *labels_take(const json_t *alert, const char *name, struct fault *mend);

/* Fills everything that labels and annotations tell: summary, severity, source, component, group,
 * class, details and links; and the key when there is none yet. Where labels are too long to be kept whole,
 * "fingerprint" in the details is the public one of what was sent. `mend` as above. */
void signal_from_labels(struct signal *signal, const json_t *labels, const json_t *annotations,
                        struct fault *mend);

#endif
