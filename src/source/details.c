/* Details that are longer than is kept: the longest of their texts are cut, and of what is still too much the
 * largest parts are left out. What is small stays, for routes, silences and people go by it; and the labels, by
 * which an alert is known, are touched last. */
#include <string.h>

#include "base/json.h"
#include "base/json_escape.h"
#include "base/limits.h"
#include "source/source.h"

enum {
    TEXT_LEAST = 128, /* bytes of JSON: a text is cut to no less; one that is shorter is small */
    NAME_MOST = 1024, /* a longer name names nothing that is small */
    SAID_ROOM = 512,  /* for what is said about it all, and for the fingerprint of cut labels */
    NONE = LIMIT_ALERT_NODES, /* parts that are looked at; those behind are left out */
};

static const char CUT[] = "\xe2\x80\xa6 (cut)";
static const char LABELS[] = "labels";

/* --- how long it is, as compact JSON --- */

static size_t byte_size(char c)
{
    char escaped[JSON_ESCAPE_SIZE];
    return json_must_escape(c) ? json_escape(c, escaped) : 1;
}

/* Of more than `most` bytes it does not say how many more. */
static size_t text_size(const char *text, size_t most)
{
    size_t size = strlen("\"\"");
    for (; *text != '\0' && size <= most; text++) {
        size += byte_size(*text);
    }
    return size;
}

/* Holds no other part. */
static bool is_leaf(const json_t *value)
{
    return json_object_size(value) == 0 && json_array_size(value) == 0;
}

static size_t leaf_size(const json_t *value)
{
    return json_is_string(value) ? text_size(json_string_value(value), LIMIT_DETAILS)
                                 : json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
}

static bool take_room(size_t *room, size_t size)
{
    bool has_room = size <= *room;
    *room = has_room ? *room - size : 0;
    return has_room;
}

/* Takes its size from the room; false, and soon, when it does not fit.
 * NOLINTNEXTLINE(misc-no-recursion): as deep as the value, which json_read bounds. */
static bool fits(const json_t *value, size_t *room)
{
    json_t *each =
        (json_t *)(uintptr_t)value; /* jansson's loop takes it so, and leaves it as it is */
    size_t i = 0;
    const char *name = NULL;
    json_t *part = NULL;
    if (is_leaf(value)) {
        return take_room(room, leaf_size(value));
    }
    bool has_room = take_room(room, strlen("{}") - 1); /* the first part has no comma */
    json_object_foreach (each, name, part) {
        has_room = has_room && take_room(room, text_size(name, LIMIT_DETAILS) + strlen(":,")) &&
                   fits(part, room);
        if (!has_room) {
            return false;
        }
    }
    json_array_foreach (value, i, part) {
        has_room = has_room && take_room(room, strlen(",")) && fits(part, room);
        if (!has_room) {
            return false;
        }
    }
    return has_room;
}

bool details_are_short(const json_t *details)
{
    size_t room = LIMIT_DETAILS;
    return fits(details, &room);
}

/* --- the parts, in the order of the document --- */

struct part {
    size_t size;   /* of the value */
    size_t naming; /* its name and what stands between */
    size_t
        holding; /* brackets and names of the objects and lists around of which it is the best part */
    bool is_text, is_kept;
    bool is_listed; /* in a list: no route asks for it by its name */
};

struct fitting {
    GArray *parts; /* of struct part */
    size_t level;  /* so long may a text be */
    size_t next;   /* the part that comes next when it is written again */
    size_t cut, left_out;
};

static struct part *part_at(const GArray *parts, size_t i)
{
    return &g_array_index(parts, struct part, i);
}

static size_t size_at(const struct part *part, size_t level)
{
    return part->naming + (part->is_text ? MIN(part->size, level) : part->size);
}

/* Which of two is kept rather: what has a name, then the smaller, then the first. Negative, or positive. */
static gint compare(const struct part *a, const struct part *b)
{
    size_t first = size_at(a, TEXT_LEAST), second = size_at(b, TEXT_LEAST);
    if (a->is_listed != b->is_listed) {
        return a->is_listed ? 1 : -1;
    }
    return first != second ? (first > second) - (first < second) : (a > b) - (a < b);
}

/* Of two of them; NONE stands for none. */
static size_t better(const GArray *parts, size_t a, size_t b)
{
    if (a == NONE || b == NONE) {
        return a == NONE ? b : a;
    }
    return compare(part_at(parts, a), part_at(parts, b)) < 0 ? a : b;
}

static bool is_nameable(const char *name)
{
    return text_size(name, NAME_MOST) <= NAME_MOST;
}

/* Answers the part of it that is kept rather than all others: it bears what the brackets and the name of the whole
 * need.
 * NOLINTNEXTLINE(misc-no-recursion): as deep as the value, which json_read bounds. */
static size_t collect(GArray *parts, const json_t *value, size_t naming, bool is_listed)
{
    json_t *each = (json_t *)(uintptr_t)value; /* as above */
    size_t best = NONE;
    size_t i = 0;
    const char *name = NULL;
    json_t *part = NULL;
    if (parts->len >= NONE) {
        return NONE;
    }
    if (is_leaf(value)) {
        struct part leaf = {.size = leaf_size(value),
                            .naming = naming,
                            .is_text = json_is_string(value),
                            .is_listed = is_listed};
        g_array_append_val(parts, leaf);
        return parts->len - 1;
    }
    json_object_foreach (each, name, part) {
        if (is_nameable(name)) {
            size_t its_naming = text_size(name, NAME_MOST) + strlen(":,");
            best = better(parts, best, collect(parts, part, its_naming, is_listed));
        }
    }
    json_array_foreach (value, i, part) {
        best = better(parts, best, collect(parts, part, strlen(","), true));
    }
    if (best != NONE) {
        part_at(parts, best)->holding += naming + strlen("{}");
    }
    return best;
}

/* --- which of them are kept, and how long their texts may be --- */

static gint best_first(gconstpointer a, gconstpointer b)
{
    return compare(*(const struct part *const *)a, *(const struct part *const *)b);
}

static void choose(const struct fitting *fitting, size_t room)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_sized_new(fitting->parts->len);
    for (size_t i = 0; i < fitting->parts->len; i++) {
        g_ptr_array_add(sorted, part_at(fitting->parts, i));
    }
    g_ptr_array_sort(sorted, best_first);
    for (guint i = 0; i < sorted->len; i++) {
        struct part *part = g_ptr_array_index(sorted, i);
        if (!take_room(&room, size_at(part, TEXT_LEAST) + part->holding)) {
            return;
        }
        part->is_kept = true;
    }
}

static size_t size_of_kept(const struct fitting *fitting, size_t level)
{
    size_t size = 0;
    for (size_t i = 0; i < fitting->parts->len; i++) {
        const struct part *part = part_at(fitting->parts, i);
        size += part->is_kept ? size_at(part, level) + part->holding : 0;
    }
    return size;
}

/* The longest that a text may be so that all fits: so the longest are cut, and equally. */
static void find_level(struct fitting *fitting, size_t room)
{
    size_t good = TEXT_LEAST, bad = room + 1;
    while (bad - good > 1) {
        size_t level = good + (bad - good) / 2;
        if (size_of_kept(fitting, level) <= room) {
            good = level;
        } else {
            bad = level;
        }
    }
    fitting->level = good;
}

/* --- written again --- */

static json_t *cut_text(const char *text, size_t level)
{
    size_t size = strlen("\"\"") + strlen(CUT);
    const char *end = text;
    while (*end != '\0') {
        const char *next = g_utf8_find_next_char(end, NULL);
        size += next - end > 1 ? (size_t)(next - end) : byte_size(*end);
        if (size > level) {
            break;
        }
        end = next;
    }
    g_autofree char *kept = g_strndup(text, (gsize)(end - text));
    g_autofree char *marked = g_strconcat(kept, CUT, NULL);
    return json_string(marked);
}

static json_t *write_leaf(struct fitting *fitting, const json_t *value)
{
    size_t i = fitting->next++;
    const struct part *part = i < fitting->parts->len ? part_at(fitting->parts, i) : NULL;
    if (part == NULL || !part->is_kept) {
        fitting->left_out++;
        return NULL;
    }
    if (part->is_text && part->size > fitting->level) {
        fitting->cut++;
        return cut_text(json_string_value(value), fitting->level);
    }
    return json_incref((json_t *)(uintptr_t)value);
}

/* New reference; NULL: nothing of it is kept.
 * NOLINTNEXTLINE(misc-no-recursion): as deep as the value, which json_read bounds. */
static json_t *write_part(struct fitting *fitting, const json_t *value)
{
    json_t *each = (json_t *)(uintptr_t)value; /* as above */
    size_t i = 0;
    const char *name = NULL;
    json_t *part = NULL;
    if (is_leaf(value) || fitting->next >= fitting->parts->len) {
        return write_leaf(fitting, value);
    }
    json_auto_t *out = json_is_object(value) ? json_object() : json_array();
    json_object_foreach (each, name, part) {
        json_t *kept = NULL;
        if (is_nameable(name)) {
            kept = write_part(fitting, part);
        } else {
            fitting->left_out++;
        }
        if (kept != NULL) {
            (void)json_object_set_new(out, name, kept);
        }
    }
    json_array_foreach (value, i, part) {
        json_t *kept = write_part(fitting, part);
        if (kept != NULL) {
            (void)json_array_append_new(out, kept);
        }
    }
    return is_leaf(out) ? NULL : g_steal_pointer(&out);
}

/* What it needs with all that is small in it. */
static size_t least_of(const json_t *object)
{
    size_t size = strlen("{}");
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(struct part));
    (void)collect(parts, object, 0, false);
    for (size_t i = 0; i < parts->len; i++) {
        size += size_at(part_at(parts, i), TEXT_LEAST) + part_at(parts, i)->holding;
    }
    return size;
}

/* New reference: itself where it fits into the room; never NULL. Takes its size from the room. */
static json_t *fit(const json_t *object, size_t *room, size_t spared, struct fitting *told)
{
    size_t left = *room - spared;
    if (fits(object, &left)) {
        *room = left + spared;
        return json_incref((json_t *)(uintptr_t)object);
    }
    left = *room - spared;
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(struct part));
    struct fitting fitting = {.parts = parts};
    (void)collect(parts, object, 0, false);
    choose(&fitting, left);
    find_level(&fitting, left);
    json_t *out = write_part(&fitting, object);
    *room -= MIN(size_of_kept(&fitting, fitting.level), *room);
    told->cut += fitting.cut;
    told->left_out += fitting.left_out;
    return out != NULL ? out : json_object();
}

/* --- the details --- */

static void say(json_t *details, const struct fitting *told, const char *field, struct fault *mend)
{
    g_autofree char *cut =
        g_strdup_printf("%zu text%s cut", told->cut, told->cut == 1 ? " is" : "s are");
    g_autofree char *left_out = g_strdup_printf("%zu value%s left out", told->left_out,
                                                told->left_out == 1 ? " is" : "s are");
    const char *both = told->cut > 0 && told->left_out > 0 ? ", " : "";
    g_autofree char *what =
        g_strdup_printf("longer than %d bytes: %s%s%s", LIMIT_DETAILS, told->cut > 0 ? cut : "",
                        both, told->left_out > 0 ? left_out : "");
    g_autofree char *note = g_strconcat("The details were ", what, ".", NULL);
    g_autofree char *heard = g_strconcat("are ", what, NULL);
    bool is_taken = json_object_get(details, "note") != NULL; /* by the sender's own */
    (void)json_object_set_new(details, is_taken ? "tocsin_note" : "note", json_string(note));
    mend_told(mend, field, heard);
}

json_t *details_fit(json_t *details, const char *field, struct fault *mend)
{
    if (json_object_size(details) == 0) {
        json_decref(details);
        return NULL;
    }
    if (details_are_short(details)) {
        return details;
    }
    struct fitting told = {0};
    size_t room = LIMIT_DETAILS - SAID_ROOM;
    json_auto_t *whole = details;
    json_auto_t *others = json_copy(whole);
    json_auto_t *labels = json_incref(json_object_get(others, LABELS));
    json_t *out = json_object();
    if (json_object_size(labels) > 0) {
        (void)json_object_del(others, LABELS);
        size_t spared = MIN(least_of(others), room / 4);
        (void)json_object_set_new(out, LABELS, fit(labels, &room, spared, &told));
    }
    json_auto_t *rest = fit(others, &room, 0, &told);
    (void)json_object_update(out, rest);
    say(out, &told, field, mend);
    return out;
}
