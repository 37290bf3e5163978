/* /api/v1/notes */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"

#include "feature/note/note.h"
#include "paging/pager.h"

static const struct permit NOTE_SEE = {"note.read", SCOPE_READ, NOTE_SUBJECT, "Read notes."};
static const struct permit NOTE_WRITE = {"note.write", SCOPE_RESPOND, NULL, "Write notes."};
static const struct permit NOTE_CLOSE = {"note.close", SCOPE_RESPOND, NOTE_SUBJECT, "Close notes."};

/* --- reading --- */

struct listing {
    json_t *items;
    int limit;
    int64_t last_id;
    bool has_more;
};

static void take_note(void *self, const struct note *note)
{
    struct listing *listing = self;
    listing->has_more = (int)json_array_size(listing->items) == listing->limit;
    if (!listing->has_more) {
        listing->last_id = note->id;
        json_array_append_new(listing->items, record_write(&NOTE_RECORD, note));
    }
}

static void read_notes(struct http_request *request, void *context)
{
    struct api_page page;
    if (!api_page_read(request, &page)) {
        return;
    }
    struct listing listing = {.items = json_array(), .limit = page.limit};
    struct db *db = api_reader(context);
    note_list(db, page.from, page.limit + 1, take_note, &listing);
    if (api_reader_done(context, request, db)) {
        api_answer_list(request, listing.items, listing.has_more ? listing.last_id : 0);
    } else {
        json_decref(listing.items);
    }
}

static void get_notes(struct http_request *request, void *context)
{
    aside_answer(request, context, read_notes);
}

static void get_note(struct http_request *request, void *context)
{
    struct note note = {0};
    int64_t id = api_id(request, "id");
    struct db *db = api_reader(context);
    bool is_found = id != 0 && note_load(db, id, &note);
    if (api_reader_done(context, request, db) && is_found) {
        http_answer_json(request, 200, record_write(&NOTE_RECORD, &note));
    } else if (!is_found) {
        api_answer_missing(request, "note", http_path_param(request, "id"));
    }
    note_clear(&note);
}

/* --- writing and closing --- */

static enum command_result write_note(struct ledger_tx *tx, struct job *job)
{
    const struct api_context *api = job->self;
    const struct note *asked = job->body;
    struct note note = {.text = g_strdup(asked->text),
                        .policy = g_strdup(asked->policy),
                        .written_by = principal_text_of(job->actor),
                        .written_at = tx->now};
    note_become(&note, NOTE_OPEN);
    note_insert(tx->db, &note);
    json_auto_t *data = json_pack("{s:s, s:s*}", "text", note.text, "policy", note.policy);
    event_append(tx, job->actor, &EVENT_NOTE_WRITTEN, subject_of_id(NOTE_SUBJECT, note.id), data);
    CHECK(pager_page_about(api->pager, tx, subject_of_id(NOTE_SUBJECT, note.id)) ||
          db_error(tx->db) != DB_OK);
    json_t *answer = record_write(&NOTE_RECORD, &note);
    note_clear(&note);
    return job_done(job, 201, answer);
}

static enum command_result close_note(struct ledger_tx *tx, struct job *job)
{
    const struct api_context *api = job->self;
    struct act act = {.pager = api->pager,
                      .verb = VERB_RESOLVE,
                      .subject = subject_of_id(NOTE_SUBJECT, job->id),
                      .actor = job->actor};
    if (pager_act(tx, &act) != COMMAND_DONE) {
        job->fault = act.fault;
        return job_refused(job, act.status);
    }
    struct note note = {0};
    json_t *answer = note_load(tx->db, job->id, &note) ? record_write(&NOTE_RECORD, &note) : NULL;
    note_clear(&note);
    return job_done(job, 200, answer);
}

static void post_note(struct http_request *request, void *context)
{
    static const struct job_kind WRITING = {.body = &NOTE_ASKED, .run = write_note};
    job_submit(request, context, context, &WRITING);
}

static void post_close(struct http_request *request, void *context)
{
    static const struct job_kind CLOSING = {.number_of = NOTE_SUBJECT, .run = close_note};
    job_submit(request, context, context, &CLOSING);
}

static const int OVER[] = {409, 0};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/notes", &NOTE_SEE, get_notes, "Notes, newest first.", .answer = &NOTE_RECORD,
     .is_list = true, .params = API_PAGE_PARAMS},
    {"GET", "/api/v1/notes/{id}", &NOTE_SEE, get_note, "One note.", .answer = &NOTE_RECORD,
     .names = API_NUMBER_NAMES},
    {"POST", "/api/v1/notes", &NOTE_WRITE, post_note, "Writes a note, and tells people.",
     .request = &NOTE_ASKED, .answer = &NOTE_RECORD, .success = 201},
    {"POST", "/api/v1/notes/{id}/close", &NOTE_CLOSE, post_close, "Closes a note.",
     .answer = &NOTE_RECORD, .others = OVER, .names = API_NUMBER_NAMES},
};
const struct route_table NOTE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
