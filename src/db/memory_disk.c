#include "db/memory_disk.h"

#include <string.h>

void disk_lock(struct memory_disk *disk)
{
    CHECK(pthread_mutex_lock(&disk->mutex) == 0);
}

void disk_unlock(struct memory_disk *disk)
{
    CHECK(pthread_mutex_unlock(&disk->mutex) == 0);
}

static void clear_pending(gpointer data)
{
    g_clear_pointer(&((struct pending *)data)->bytes, g_bytes_unref);
}

static struct memory_file *file_create(const char *name)
{
    struct memory_file *file = g_new0(struct memory_file, 1);
    file->name = g_strdup(name);
    file->refs = 1;
    file->is_linked = true;
    file->seen = g_byte_array_new();
    file->safe = g_byte_array_new();
    file->pending = g_array_new(FALSE, FALSE, sizeof(struct pending));
    g_array_set_clear_func(file->pending, clear_pending);
    file->regions = g_ptr_array_new_with_free_func(g_free);
    return file;
}

void disk_unref_file(struct memory_file *file)
{
    if (--file->refs > 0) {
        return;
    }
    g_byte_array_unref(file->seen);
    g_byte_array_unref(file->safe);
    g_array_unref(file->pending);
    g_ptr_array_unref(file->regions);
    g_free(file->name);
    g_free(file);
}

static void unref_file(gpointer file)
{
    disk_unref_file(file);
}

int disk_meet(struct memory_disk *disk, enum disk_call call)
{
    disk->calls[call]++;
    bool is_meant =
        disk->fail_in > 0 && (disk->fail_call == 0 ? call != DISK_READ : disk->fail_call == call);
    if (!disk->is_off && is_meant) {
        bool is_hit = disk->fail_in == 1;
        disk->fail_in -= is_hit && disk->is_fault_for_ever ? 0 : 1;
        disk->is_off = is_hit && disk->fault == DISK_POWER_LOSS;
        if (is_hit && !disk->is_off) {
            return (int)disk->fault;
        }
    }
    return disk->is_off ? DISK_BROKEN : 0;
}

static int64_t used(struct memory_disk *disk)
{
    int64_t sum = 0;
    GHashTableIter each;
    gpointer value = NULL;
    g_hash_table_iter_init(&each, disk->files);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        sum += ((const struct memory_file *)value)->seen->len;
    }
    return sum;
}

static bool has_room(struct memory_disk *disk, int64_t more)
{
    return disk->capacity < 0 || more <= 0 || used(disk) + more <= disk->capacity;
}

struct memory_file *disk_open_file(struct memory_disk *disk, const char *name, bool may_create)
{
    struct memory_file *file = g_hash_table_lookup(disk->files, name);
    if (file == NULL && may_create && !disk->is_read_only) {
        file = file_create(name);
        g_hash_table_insert(disk->files, file->name, file);
    }
    if (file != NULL) {
        file->refs++;
    }
    return file;
}

static void put_bytes(GByteArray *into, int64_t at, const void *bytes, size_t size)
{
    guint end = (guint)(at + (int64_t)size);
    guint before = into->len;
    if (end > before) {
        g_byte_array_set_size(into, end);
        memset(into->data + before, 0, end - before);
    }
    memcpy(into->data + at, bytes, size);
}

static void do_pending(GByteArray *into, const struct pending *change)
{
    if (change->is_truncation) {
        g_byte_array_set_size(into, (guint)MIN(change->at, (int64_t)into->len));
        return;
    }
    gsize size = 0;
    const void *bytes = g_bytes_get_data(change->bytes, &size);
    put_bytes(into, change->at, bytes, size);
}

static void note(struct memory_file *file, struct pending change)
{
    do_pending(file->seen, &change);
    g_array_append_val(file->pending, change);
}

int disk_write(struct memory_disk *disk, struct memory_file *file, const void *bytes, int size,
               int64_t at)
{
    int met = disk_meet(disk, DISK_WRITE);
    if (met == 0 && disk->is_read_only) {
        return SQLITE_READONLY;
    }
    if (met == DISK_BROKEN) {
        return SQLITE_IOERR_WRITE;
    }
    bool is_full = met == DISK_FULL || !has_room(disk, at + size - (int64_t)file->seen->len);
    size_t arrives = (size_t)(is_full ? size / 2 : size); /* a full disk takes what it can */
    if (!is_full || disk->capacity < 0) {
        note(file, (struct pending){.at = at, .bytes = g_bytes_new(bytes, arrives)});
    }
    return is_full ? SQLITE_FULL : SQLITE_OK;
}

int disk_extend(struct memory_disk *disk, struct memory_file *file, int64_t size)
{
    int64_t more = size - (int64_t)file->seen->len;
    if (more <= 0) {
        return SQLITE_OK;
    }
    if (disk->is_off || disk->is_read_only || !has_room(disk, more)) {
        return SQLITE_FULL;
    }
    note(file, (struct pending){.at = size - 1, .bytes = g_bytes_new_static("", 1)});
    return SQLITE_OK;
}

int disk_truncate(struct memory_disk *disk, struct memory_file *file, int64_t size)
{
    if (disk_meet(disk, DISK_TRUNCATE) != 0) {
        return SQLITE_IOERR_TRUNCATE;
    }
    if (disk->is_read_only) {
        return SQLITE_READONLY;
    }
    note(file, (struct pending){.is_truncation = true, .at = size});
    return SQLITE_OK;
}

/* SQLite's unix VFS syncs the folder with the first sync of each new journal and log. */
static void sync_folder(struct memory_disk *disk)
{
    GHashTableIter each;
    gpointer value = NULL;
    g_hash_table_iter_init(&each, disk->files);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        ((struct memory_file *)value)->is_safe = true;
    }
    g_ptr_array_set_size(disk->removed, 0);
}

int disk_sync(struct memory_disk *disk, struct memory_file *file)
{
    int met = disk_meet(disk, DISK_SYNC);
    if (met != 0) {
        return met == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
    }
    for (guint i = 0; i < file->pending->len; i++) {
        do_pending(file->safe, &g_array_index(file->pending, struct pending, i));
    }
    g_array_set_size(file->pending, 0);
    if (!file->is_safe) {
        sync_folder(disk);
    }
    return SQLITE_OK;
}

int disk_remove(struct memory_disk *disk, const char *name, bool is_synced)
{
    int met = disk_meet(disk, DISK_REMOVE);
    if (met != 0 || disk->is_read_only) {
        return SQLITE_IOERR_DELETE;
    }
    struct memory_file *file = g_hash_table_lookup(disk->files, name);
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    (void)g_hash_table_steal(disk->files, name);
    file->is_linked = false;
    if (file->is_safe && !is_synced) {
        g_ptr_array_add(disk->removed, file); /* with the folder's reference */
    } else {
        disk_unref_file(file);
    }
    return SQLITE_OK;
}

/* Each sector of an unsynced write by itself: disks reorder, and tear. */
static void survive_in_part(GByteArray *safe, const struct pending *change,
                            const struct random *random)
{
    if (change->is_truncation) {
        if (random_below(random, 2) == 0) {
            do_pending(safe, change);
        }
        return;
    }
    gsize size = 0;
    const unsigned char *bytes = g_bytes_get_data(change->bytes, &size);
    for (gsize from = 0; from < size;) {
        gsize in_sector = (gsize)((change->at + (int64_t)from) % SECTOR_SIZE);
        gsize part = MIN((gsize)SECTOR_SIZE - in_sector, size - from);
        if (random_below(random, 2) == 0) {
            put_bytes(safe, change->at + (int64_t)from, bytes + from, part);
        }
        from += part;
    }
}

static void survive(struct memory_file *file, const struct random *random)
{
    uint64_t fate = random_below(random, 4); /* 0: nothing, 1: all, else: in part */
    for (guint i = 0; i < file->pending->len; i++) {
        const struct pending *change = &g_array_index(file->pending, struct pending, i);
        if (fate == 1) {
            do_pending(file->safe, change);
        } else if (fate >= 2) {
            survive_in_part(file->safe, change, random);
        }
    }
    g_array_set_size(file->pending, 0);
    g_byte_array_set_size(file->seen, 0);
    g_byte_array_append(file->seen, file->safe->data, file->safe->len);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(a, b);
}

/* In the order of their names, so that the same seed gives the same fate. */
static void survive_files(struct memory_disk *disk, const struct random *random)
{
    GList *names = g_list_sort(g_hash_table_get_keys(disk->files), by_name);
    for (GList *each = names; each != NULL; each = each->next) {
        struct memory_file *file = g_hash_table_lookup(disk->files, each->data);
        CHECK(file->refs == 1); /* a database is still open */
        survive(file, random);
        bool is_gone = !file->is_safe && random_below(random, 2) == 0;
        file->is_safe = true;
        if (is_gone) {
            (void)g_hash_table_remove(disk->files, file->name);
        }
    }
    g_list_free(names);
}

static void revive_removed(struct memory_disk *disk, const struct random *random)
{
    for (guint i = 0; i < disk->removed->len; i++) {
        struct memory_file *file = disk->removed->pdata[i];
        survive(file, random);
        if (random_below(random, 2) == 0 && !g_hash_table_contains(disk->files, file->name)) {
            file->refs++;
            file->is_linked = true;
            g_hash_table_insert(disk->files, file->name, file);
        }
    }
    g_ptr_array_set_size(disk->removed, 0);
}

void memory_disk_power_on(struct memory_disk *disk, const struct random *random)
{
    disk_lock(disk);
    survive_files(disk, random);
    revive_removed(disk, random);
    disk->is_off = false;
    disk->fail_in = 0;
    disk_unlock(disk);
}

void disk_init(struct memory_disk *disk)
{
    CHECK(pthread_mutex_init(&disk->mutex, NULL) == 0);
    disk->files = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, unref_file);
    disk->removed = g_ptr_array_new_with_free_func(unref_file);
    disk->capacity = -1;
}

void memory_disk_reset(struct memory_disk *disk)
{
    disk_lock(disk);
    g_hash_table_remove_all(disk->files);
    g_ptr_array_set_size(disk->removed, 0);
    disk->capacity = -1;
    disk->is_read_only = disk->is_off = false;
    disk->fail_in = 0;
    memset(disk->calls, 0, sizeof disk->calls);
    disk_unlock(disk);
}

void memory_disk_set_capacity(struct memory_disk *disk, int64_t bytes)
{
    disk_lock(disk);
    disk->capacity = bytes;
    disk_unlock(disk);
}

int64_t memory_disk_used(struct memory_disk *disk)
{
    disk_lock(disk);
    int64_t sum = used(disk);
    disk_unlock(disk);
    return sum;
}

void memory_disk_set_read_only(struct memory_disk *disk, bool is_read_only)
{
    disk_lock(disk);
    disk->is_read_only = is_read_only;
    disk_unlock(disk);
}

void memory_disk_fail(struct memory_disk *disk, enum disk_call call, int64_t nth,
                      enum disk_fault fault, bool for_ever)
{
    disk_lock(disk);
    disk->fail_call = call;
    disk->fail_in = nth;
    disk->fault = fault;
    disk->is_fault_for_ever = for_ever;
    disk_unlock(disk);
}

int64_t memory_disk_calls(struct memory_disk *disk, enum disk_call call)
{
    disk_lock(disk);
    int64_t count = disk->calls[call];
    for (int any = DISK_WRITE; call == 0 && any < DISK_CALL_COUNT; any++) {
        count += disk->calls[any];
    }
    disk_unlock(disk);
    return count;
}

void memory_disk_power_off(struct memory_disk *disk)
{
    disk_lock(disk);
    disk->is_off = true;
    disk_unlock(disk);
}

bool memory_disk_is_off(struct memory_disk *disk)
{
    disk_lock(disk);
    bool is_off = disk->is_off;
    disk_unlock(disk);
    return is_off;
}

bool memory_disk_flip(struct memory_disk *disk, const char *name, int64_t byte, unsigned bit)
{
    disk_lock(disk);
    struct memory_file *file = g_hash_table_lookup(disk->files, name);
    bool exists = file != NULL && byte >= 0 && byte < (int64_t)file->seen->len;
    if (exists) {
        file->seen->data[byte] ^= (guint8)(1u << (bit & 7));
        if (byte < (int64_t)file->safe->len) {
            file->safe->data[byte] ^= (guint8)(1u << (bit & 7));
        }
    }
    disk_unlock(disk);
    return exists;
}
