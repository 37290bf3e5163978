#include "sim/scene.h"

#include <glib.h>
#include <string.h>

static const int64_t HOUR_S = 3600;
static const int64_t DAY_S = 86400;

static void make_person(struct scene_person *person, struct chance *chance, int index)
{
    g_snprintf(person->name, sizeof person->name, "p%d", index);
    person->contacts = (int)chance_between(chance, 1, SCENE_CONTACTS);
    person->second_after_s = (int)chance_between(chance, 30, 300);
    person->hears_percent = (int)chance_between(chance, 20, 95);
    person->slow_s = (int)chance_between(chance, 20, 1500);
}

static void make_layer(struct scene_layer *layer, struct chance *chance, int people,
                       int64_t start_s)
{
    static const int64_t TURNS[] = {6 * HOUR_S, 12 * HOUR_S, DAY_S, 3 * DAY_S, 7 * DAY_S};
    layer->people_count = (int)chance_between(chance, 1, people);
    for (int i = 0; i < layer->people_count; i++) {
        layer->people[i] = (int)chance_between(chance, 0, people - 1);
    }
    layer->turn_s = TURNS[chance_between(chance, 0, (int64_t)G_N_ELEMENTS(TURNS) - 1)];
    /* To the minute, as in the file; some start only later, so that there are gaps. */
    layer->start_s = (start_s + chance_between(chance, -30 * DAY_S, DAY_S)) / 60 * 60;
    if (chance_of(chance, 30)) {
        layer->from_hour = (int)chance_between(chance, 0, 23);
        layer->to_hour = (int)chance_between(chance, 0, 23);
    }
}

static void make_service(struct scene_service *service, struct chance *chance,
                         const struct scene *scene)
{
    service->step_count = (int)chance_between(chance, 1, SCENE_STEPS);
    for (int i = 0; i < service->step_count; i++) {
        struct scene_step *step = &service->steps[i];
        step->target_count = (int)chance_between(chance, 1, 2);
        for (int t = 0; t < step->target_count; t++) {
            struct scene_target *target = &step->targets[t];
            int kind = (int)chance_between(chance, 1, 10);
            target->kind = kind <= 6 ? SCENE_SCHEDULE : (kind <= 9 ? SCENE_USER : SCENE_TEAM);
            int last = target->kind == SCENE_SCHEDULE ? scene->schedule_count : scene->people_count;
            target->index = (int)chance_between(chance, 0, last - 1);
        }
        step->wait_s = chance_between(chance, 20, 900);
    }
    service->repeat = (int)chance_between(chance, 0, 2);
    service->last_resort = (int)chance_between(chance, 0, scene->people_count - 1);
    if (chance_of(chance, 25)) {
        service->acknowledge_expires_s = chance_between(chance, 600, 7200);
    }
}

void scene_make(struct scene *scene, struct chance *chance, int64_t start_s)
{
    *scene = (struct scene){0};
    scene->people_count = (int)chance_between(chance, 2, SCENE_PEOPLE);
    for (int i = 0; i < scene->people_count; i++) {
        make_person(&scene->people[i], chance, i);
    }
    scene->schedule_count = (int)chance_between(chance, 1, SCENE_SCHEDULES);
    for (int i = 0; i < scene->schedule_count; i++) {
        scene->schedules[i].layer_count = (int)chance_between(chance, 1, SCENE_LAYERS);
        for (int l = 0; l < scene->schedules[i].layer_count; l++) {
            make_layer(&scene->schedules[i].layers[l], chance, scene->people_count, start_s);
        }
    }
    scene->service_count = (int)chance_between(chance, 1, SCENE_SERVICES);
    for (int i = 0; i < scene->service_count; i++) {
        make_service(&scene->services[i], chance, scene);
    }
}

/* --- who is on call, once more --- */

/* A window that crosses midnight is two pieces of a day here: without weekdays and with a fixed
 * clock that is the same thing. */
static bool is_in_window(const struct scene_layer *layer, int64_t at_s)
{
    int64_t of_day = at_s % DAY_S;
    int64_t from = layer->from_hour * HOUR_S;
    int64_t to = layer->to_hour * HOUR_S;
    if (from == to) {
        return true;
    }
    return from < to ? of_day >= from && of_day < to : of_day >= from || of_day < to;
}

unsigned scene_on_call(const struct scene_schedule *schedule, int64_t at_s)
{
    for (int l = schedule->layer_count - 1; l >= 0; l--) {
        const struct scene_layer *layer = &schedule->layers[l];
        if (at_s >= layer->start_s && is_in_window(layer, at_s)) {
            int64_t turn = (at_s - layer->start_s) / layer->turn_s;
            return 1U << layer->people[turn % layer->people_count];
        }
    }
    return 0;
}

unsigned scene_targets(const struct scene *scene, const struct scene_step *step, int64_t at_s)
{
    unsigned people = 0;
    for (int t = 0; t < step->target_count; t++) {
        const struct scene_target *target = &step->targets[t];
        if (target->kind == SCENE_USER) {
            people |= 1U << target->index;
        } else if (target->kind == SCENE_SCHEDULE) {
            people |= scene_on_call(&scene->schedules[target->index], at_s);
        } else {
            people |= 0x55555555U & ((1U << scene->people_count) - 1U);
        }
    }
    return people;
}

int scene_person_named(const struct scene *scene, const char *name)
{
    for (int i = 0; i < scene->people_count; i++) {
        if (strcmp(scene->people[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* --- as a document --- */

/* By mail, to a web hook, and by a bot's hand. */
static char *address_of(const struct scene_person *person, int contact)
{
    if (contact == 0) {
        return g_strconcat(person->name, "@example.com", NULL);
    }
    return g_strdup_printf("http://%s.example.com/%s", person->name,
                           contact == 1 ? "in" : "api/chat.postMessage?channel=C0123456789");
}

static json_t *person_json(const struct scene_person *person)
{
    static const char *const KINDS[SCENE_CONTACTS] = {"email", "webhook", "slack"};
    json_t *contacts = json_array();
    json_t *rules = json_array();
    for (int i = 0; i < MIN(person->contacts, SCENE_CONTACTS); i++) {
        g_autofree char *to = address_of(person, i);
        json_t *contact = json_pack("{s:s, s:s}", "kind", KINDS[i], "to", to);
        if (i == SCENE_CONTACTS - 1) { /* a bot writes there */
            (void)json_object_set_new(contact, "secret", json_string("env:TOCSIN_SECRET_BOT"));
        }
        json_array_append_new(contacts, contact);
    }
    json_array_append_new(rules, json_pack("{s:s, s:s}", "after", "0s", "contact", "email"));
    if (person->contacts > 1) {
        g_autofree char *after = g_strdup_printf("%ds", person->second_after_s);
        json_array_append_new(rules, json_pack("{s:s, s:s}", "after", after, "contact", "webhook"));
    }
    return json_pack("{s:s, s:o, s:{s:o, s:O}}", "name", person->name, "contacts", contacts,
                     "rules", "high", rules, "low", rules);
}

static json_t *layer_json(const struct scene *scene, const struct scene_layer *layer)
{
    json_t *people = json_array();
    for (int i = 0; i < layer->people_count; i++) {
        json_array_append_new(people, json_string(scene->people[layer->people[i]].name));
    }
    char start[UTC_TEXT_SIZE];
    utc_format((struct utc){layer->start_s * 1000000}, start);
    start[16] = '\0'; /* civil time to the minute: no seconds, no Z */
    g_autofree char *every = layer->turn_s % DAY_S == 0
                                 ? g_strdup_printf("%dd", (int)(layer->turn_s / DAY_S))
                                 : g_strdup_printf("%dh", (int)(layer->turn_s / HOUR_S));
    json_t *value = json_pack("{s:o, s:s, s:s}", "people", people, "every", every, "start", start);
    if (layer->from_hour != layer->to_hour) {
        g_autofree char *from = g_strdup_printf("%02d:00", layer->from_hour);
        g_autofree char *to = g_strdup_printf("%02d:00", layer->to_hour);
        json_object_set_new(value, "only", json_pack("[{s:s, s:s}]", "from", from, "to", to));
    }
    return value;
}

static json_t *target_json(const struct scene *scene, const struct scene_target *target)
{
    if (target->kind == SCENE_SCHEDULE) {
        return json_pack("{s:o}", "schedule", json_sprintf("s%d", target->index));
    }
    if (target->kind == SCENE_TEAM) {
        return json_pack("{s:s}", "team", "even");
    }
    return json_pack("{s:s}", "user", scene->people[target->index].name);
}

static json_t *policy_json(const struct scene *scene, int index)
{
    const struct scene_service *service = &scene->services[index];
    json_t *steps = json_array();
    for (int i = 0; i < service->step_count; i++) {
        json_t *notify = json_array();
        for (int t = 0; t < service->steps[i].target_count; t++) {
            json_array_append_new(notify, target_json(scene, &service->steps[i].targets[t]));
        }
        json_array_append_new(steps, json_pack("{s:o, s:o}", "notify", notify, "wait",
                                               json_sprintf("%ds", (int)service->steps[i].wait_s)));
    }
    return json_pack("{s:o, s:o, s:i, s:{s:s}}", "name", json_sprintf("policy%d", index), "steps",
                     steps, "repeat", service->repeat, "last_resort", "user",
                     scene->people[service->last_resort].name);
}

static json_t *service_json(const struct scene *scene, int index)
{
    const struct scene_service *service = &scene->services[index];
    json_t *value = json_pack("{s:o, s:o, s:s}", "name", json_sprintf("service%d", index), "policy",
                              json_sprintf("policy%d", index), "urgency", "by-severity");
    if (service->acknowledge_expires_s > 0) {
        json_object_set_new(value, "acknowledge_expires",
                            json_sprintf("%ds", (int)service->acknowledge_expires_s));
    }
    return value;
}

json_t *scene_document(const struct scene *scene)
{
    json_t *users = json_array();
    json_t *even = json_array();
    json_t *schedules = json_array();
    json_t *policies = json_array();
    json_t *services = json_array();
    for (int i = 0; i < scene->people_count; i++) {
        json_array_append_new(users, person_json(&scene->people[i]));
        if (i % 2 == 0) {
            json_array_append_new(even, json_string(scene->people[i].name));
        }
    }
    for (int i = 0; i < scene->schedule_count; i++) {
        json_t *layers = json_array();
        for (int l = 0; l < scene->schedules[i].layer_count; l++) {
            json_array_append_new(layers, layer_json(scene, &scene->schedules[i].layers[l]));
        }
        json_array_append_new(schedules,
                              json_pack("{s:o, s:s, s:o}", "name", json_sprintf("s%d", i),
                                        "time_zone", "UTC", "layers", layers));
    }
    for (int i = 0; i < scene->service_count; i++) {
        json_array_append_new(policies, policy_json(scene, i));
        json_array_append_new(services, service_json(scene, i));
    }
    return json_pack("{s:o, s:[{s:s, s:o}], s:o, s:o, s:o}", "users", users, "teams", "name",
                     "even", "members", even, "schedules", schedules, "policies", policies,
                     "services", services);
}

bool scene_is_on_call(const struct scene *scene, int person, int64_t at_s)
{
    for (int i = 0; i < scene->schedule_count; i++) {
        if ((scene_on_call(&scene->schedules[i], at_s) & (1U << person)) != 0) {
            return true;
        }
    }
    return false;
}
