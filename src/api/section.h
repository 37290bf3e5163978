/* api/section.h - a section of the configuration over HTTP: the list of its items, and one of them. */
#ifndef API_SECTION_H
#define API_SECTION_H

#include "api/aside.h"
#include "api/handler.h"

/* A noun that people configure. */
struct section {
    const struct config_kind *kind;
    const struct record *record;
};

/* Handlers with the section to say; the list belongs aside. */
void section_list(struct http_request *request, struct api_context *context,
                  const struct section *section);
void section_one(struct http_request *request, struct api_context *context,
                 const struct section *section);

/* Defines the two handlers of a noun. */
#define SECTION(list_, one_, kind_, record_)                                                       \
    static void read_##list_(struct http_request *request, void *context)                          \
    {                                                                                              \
        section_list(request, context, &(struct section){.kind = &(kind_), .record = &(record_)}); \
    }                                                                                              \
    static void list_(struct http_request *request, void *context)                                 \
    {                                                                                              \
        aside_answer(request, context, read_##list_);                                              \
    }                                                                                              \
    static void one_(struct http_request *request, void *context)                                  \
    {                                                                                              \
        section_one(request, context, &(struct section){.kind = &(kind_), .record = &(record_)});  \
    }

/* Their rows. */
#define SECTION_LIST(path_, permit_, handler_, text, record_)                              \
    {                                                                                      \
        "GET", (path_), &(permit_), (handler_), .summary = (text), .answer = &(record_),   \
                                                .is_list = true, .params = API_PAGE_PARAMS \
    }
#define SECTION_ONE(path_, permit_, handler_, text, record_)                            \
    {                                                                                   \
        "GET", (path_), &(permit_), (handler_), .summary = (text), .answer = &(record_) \
    }

#endif
