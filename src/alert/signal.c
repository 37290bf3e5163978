#include "alert/signal.h"

#include <glib.h>

const struct enum_name SEVERITY_NAMES[] = {{"critical", SEVERITY_CRITICAL},
                                           {"error", SEVERITY_ERROR},
                                           {"warning", SEVERITY_WARNING},
                                           {"info", SEVERITY_INFO},
                                           {NULL, 0}};

const struct enum_name SIGNAL_ACTION_NAMES[] = {{"trigger", SIGNAL_TRIGGER},
                                                {"acknowledge", SIGNAL_ACKNOWLEDGE},
                                                {"resolve", SIGNAL_RESOLVE},
                                                {NULL, 0}};

int signal_severity(const struct signal *signal)
{
    return signal->severity != 0 ? signal->severity : (int)SEVERITY_ERROR;
}

bool signal_is_ahead(struct utc at, struct utc now)
{
    return utc_before(utc_add(now, SPAN_D(1)), at);
}

void signal_clear(struct signal *signal)
{
    g_free(signal->dedup_key);
    g_free(signal->summary);
    g_free(signal->source);
    g_free(signal->component);
    g_free(signal->group);
    g_free(signal->class_name);
    json_decref(signal->details);
    json_decref(signal->links);
    *signal = (struct signal){0};
}
