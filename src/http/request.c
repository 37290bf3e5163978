#include "http/request.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/metric.h"

void request_id_write(uint64_t id, char out[REQUEST_ID_SIZE])
{
    static const char DIGITS[] = "0123456789abcdef";
    out[0] = 'r';
    out[1] = '-';
    for (int i = 0; i < 16; i++) {
        out[2 + i] = DIGITS[(id >> (60 - 4 * i)) & 15];
    }
    out[18] = '\0';
}

/* Ids need to be distinct, not secret; a request must not cost a system call for one. */
static void write_id(struct http_server *server, char out[REQUEST_ID_SIZE])
{
    uint64_t id = atomic_fetch_add_explicit(&server->next_id, 1, memory_order_relaxed);
    id = (id + server->id_salt) * UINT64_C(0x9E3779B97F4A7C15);
    request_id_write(id ^ id >> 32, out);
}

struct http_request *request_create(struct http_server *server, struct MHD_Connection *connection,
                                    const char *method, const char *path)
{
    struct http_request *request = g_new0(struct http_request, 1);
    request->server = server;
    request->connection = connection;
    request->path = g_strdup(path);
    g_strlcpy(request->method, method, sizeof request->method);
    write_id(server, request->id);
    CHECK(pthread_mutex_init(&request->header_lock, NULL) == 0);
    atomic_init(&request->refs, 1);
    atomic_init(&request->state, REQUEST_RUNNING);
    atomic_fetch_add(&server->in_flight, 1);
    atomic_fetch_add(&server->refs, 1);
    return request;
}

void request_unref(struct http_request *request)
{
    if (atomic_fetch_sub(&request->refs, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++) {
        g_free(request->params[i]);
    }
    body_free(request);
    form_clear(&request->query);
    form_clear(&request->form);
    json_decref(request->json);
    answer_clear(&request->answer);
    if (request->caller != NULL) {
        request->server->guard.forget(request->caller);
    }
    g_clear_pointer(&request->kept, g_ptr_array_unref);
    token_forget(request->token);
    token_forget(request->session);
    g_free(request->path);
    g_free(request->authority);
    pthread_mutex_destroy(&request->header_lock);
    server_unref(request->server);
    g_free(request);
}

struct query_reading {
    GPtrArray *texts;
    bool is_sound;
};

static enum MHD_Result read_query(void *self, enum MHD_ValueKind kind, const char *name,
                                  size_t name_size, const char *value, size_t value_size)
{
    (void)kind;
    struct query_reading *reading = self;
    char *name_text = url_decode(name, name_size, true);
    char *value_text = value == NULL ? g_strdup("") : url_decode(value, value_size, true);
    if (name_text == NULL || value_text == NULL) {
        reading->is_sound = false;
        g_free(name_text);
        g_free(value_text);
        return MHD_YES;
    }
    g_ptr_array_add(reading->texts, name_text);
    g_ptr_array_add(reading->texts, value_text);
    return MHD_YES;
}

bool request_read_url(struct http_request *request)
{
    for (size_t i = 0; i < request->match.param_count; i++) {
        const struct route_param *param = &request->match.params[i];
        request->params[i] = url_decode(param->text, param->size, false);
        if (request->params[i] == NULL) {
            return false;
        }
    }
    struct query_reading reading = {g_ptr_array_new_with_free_func(g_free), true};
    MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, read_query, &reading);
    request->has_odd_query = !reading.is_sound;
    if (reading.texts->len == 0) {
        g_ptr_array_unref(reading.texts);
        return true;
    }
    request->query.texts = reading.texts;
    return true;
}

const struct caller *http_caller(const struct http_request *request)
{
    return request->caller;
}

const char *http_request_id(const struct http_request *request)
{
    return request->id;
}

const char *http_client(const struct http_request *request)
{
    return request->is_local || request->client[0] == '\0' ? NULL : request->client;
}

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

const char *http_path_param(const struct http_request *request, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < request->match.param_count; i++) {
        const char *at = request->match.params[i].name;
        if (strncmp(at, name, size) == 0 && at[size] == '}') {
            return request->params[i];
        }
    }
    return NULL;
}

const char *http_path_object(const struct http_request *request)
{
    return request->match.param_count > 0 ? request->params[0] : NULL;
}

const char *http_query(const struct http_request *request, const char *name)
{
    return form_get(&request->query, name);
}

const char *http_query_at(const struct http_request *request, const char *name, size_t index)
{
    const GPtrArray *texts = request->query.texts;
    for (guint i = 0; texts != NULL && i + 1 < texts->len; i += 2) {
        if (strcmp(texts->pdata[i], name) == 0 && index-- == 0) {
            return texts->pdata[i + 1];
        }
    }
    return NULL;
}

/* A handler elsewhere must not ask the library, whose connection may be gone at a stop. */
static enum MHD_Result keep_header(void *self, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    GPtrArray *kept = self;
    (void)kind;
    if (value != NULL) {
        g_ptr_array_add(kept, g_strdup(name));
        g_ptr_array_add(kept, g_strdup(value));
    }
    return MHD_YES;
}

void http_step_aside(struct http_request *request)
{
    if (request->kept == NULL) {
        request->kept = g_ptr_array_new_with_free_func(g_free);
        (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, keep_header,
                                        request->kept);
    }
}

static const char *kept_header(const GPtrArray *kept, const char *name)
{
    for (guint i = 0; i + 1 < kept->len; i += 2) {
        if (g_ascii_strcasecmp(kept->pdata[i], name) == 0) {
            return kept->pdata[i + 1];
        }
    }
    return NULL;
}

const char *http_header(const struct http_request *request, const char *name)
{
    if (request->kept != NULL) {
        return kept_header(request->kept, name);
    }
    if (request->connection == NULL) {
        return NULL;
    }
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *http_bearer(const struct http_request *request)
{
    const char *header = http_header(request, "Authorization");
    if (header == NULL || g_ascii_strncasecmp(header, "Bearer ", 7) != 0) {
        return NULL;
    }
    header += 7;
    return header + strspn(header, " ");
}

const char *http_form(struct http_request *request, const char *name)
{
    if (request->form.texts == NULL) {
        size_t size = 0;
        const char *body = http_body(request, &size);
        if (!form_read(body, size, &request->form)) {
            return NULL;
        }
    }
    return form_get(&request->form, name);
}

const char *http_body(const struct http_request *request, size_t *out_size)
{
    if (request->body == NULL) {
        *out_size = 0;
        return "";
    }
    *out_size = request->body->len;
    return (const char *)request->body->data;
}

bool http_body_is_cut(const struct http_request *request)
{
    return request->is_cut;
}

size_t http_body_max(const struct http_request *request)
{
    return request->body_max;
}

const json_t *http_json(struct http_request *request)
{
    if (request->json != NULL) {
        return request->json;
    }
    size_t size = 0;
    const char *body = http_body(request, &size);
    struct fault fault = {0};
    if (size == 0) {
        fault_set(&fault, "", "The request has no body; send a JSON object.");
    } else {
        /* Only a route for configuration files takes bodies that large. */
        bool is_large = request->body_max > LIMIT_BODY;
        size_t nodes_max = is_large ? LIMIT_CONFIG_NODES : LIMIT_JSON_NODES;
        request->json = json_read_up_to(body, size, nodes_max, &fault);
    }
    if (request->json == NULL) {
        http_answer_fault(request, 400, &fault);
        return NULL; /* elsewhere than on the pool's thread the request may be freed by now */
    }
    return request->json;
}
