/* Locks between the handles of one process, as SQLite's unix VFS has them between processes. */
#include "db/memory_disk.h"

static struct memory_handle *of(sqlite3_file *base)
{
    return (struct memory_handle *)base;
}

/* Takes the handle's share out of the file's counts, down to `level`. */
static void lower(struct memory_handle *handle, int level)
{
    struct memory_file *file = handle->file;
    if (handle->lock >= SQLITE_LOCK_EXCLUSIVE && level < SQLITE_LOCK_EXCLUSIVE) {
        file->lock_exclusive = 0;
    }
    if (handle->lock >= SQLITE_LOCK_PENDING && level < SQLITE_LOCK_PENDING) {
        file->lock_pending = 0;
    }
    if (handle->lock >= SQLITE_LOCK_RESERVED && level < SQLITE_LOCK_RESERVED) {
        file->lock_reserved = 0;
    }
    if (handle->lock >= SQLITE_LOCK_SHARED && level < SQLITE_LOCK_SHARED) {
        file->lock_shared--;
    }
    handle->lock = MIN(handle->lock, level);
}

static bool raise_to_shared(struct memory_handle *handle)
{
    struct memory_file *file = handle->file;
    if (file->lock_exclusive != 0 || file->lock_pending != 0) {
        return false;
    }
    file->lock_shared++;
    handle->lock = SQLITE_LOCK_SHARED;
    return true;
}

static bool raise_to_reserved(struct memory_handle *handle)
{
    if (handle->file->lock_reserved != 0) {
        return false;
    }
    handle->file->lock_reserved = 1;
    handle->lock = SQLITE_LOCK_RESERVED;
    return true;
}

/* From SHARED straight to EXCLUSIVE is a hot journal's roll-back and the last close of a WAL file;
 * the step through RESERVED would tell others the wrong thing, so it is left out as in SQLite. */
static bool raise_to_exclusive(struct memory_handle *handle)
{
    struct memory_file *file = handle->file;
    if (handle->lock < SQLITE_LOCK_RESERVED && file->lock_reserved != 0) {
        return false;
    }
    if (handle->lock < SQLITE_LOCK_PENDING && file->lock_pending != 0) {
        return false;
    }
    bool was_reserved = handle->lock >= SQLITE_LOCK_RESERVED;
    file->lock_reserved = 1;
    file->lock_pending = 1;
    handle->lock = SQLITE_LOCK_PENDING;
    if (file->lock_shared > 1) { /* readers besides us */
        if (!was_reserved) {
            lower(handle, SQLITE_LOCK_SHARED);
        }
        return false;
    }
    file->lock_exclusive = 1;
    handle->lock = SQLITE_LOCK_EXCLUSIVE;
    return true;
}

int handle_lock(sqlite3_file *base, int level)
{
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    bool is_held = handle->lock >= level;
    if (!is_held && level == SQLITE_LOCK_SHARED) {
        is_held = raise_to_shared(handle);
    } else if (!is_held && level == SQLITE_LOCK_RESERVED) {
        is_held = raise_to_reserved(handle);
    } else if (!is_held) {
        is_held = raise_to_exclusive(handle);
    }
    bool is_off = handle->disk->is_off;
    disk_unlock(handle->disk);
    if (is_off) {
        return SQLITE_IOERR_LOCK;
    }
    return is_held ? SQLITE_OK : SQLITE_BUSY;
}

int handle_unlock(sqlite3_file *base, int level)
{
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    lower(handle, level);
    disk_unlock(handle->disk);
    return SQLITE_OK;
}

int handle_is_reserved(sqlite3_file *base, int *out)
{
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    *out = handle->file->lock_reserved;
    disk_unlock(handle->disk);
    return SQLITE_OK;
}

int handle_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    struct memory_file *file = handle->file;
    if (!handle->is_mapped) {
        handle->is_mapped = true;
        file->region_users++;
    }
    while (extend != 0 && file->regions->len <= (guint)region) {
        g_ptr_array_add(file->regions, g_malloc0((gsize)size));
    }
    *out = file->regions->len > (guint)region ? file->regions->pdata[region] : NULL;
    bool is_off = handle->disk->is_off;
    disk_unlock(handle->disk);
    return is_off ? SQLITE_IOERR_SHMMAP : SQLITE_OK;
}

static bool take_shared(struct memory_handle *handle, unsigned mask)
{
    struct memory_file *file = handle->file;
    for (unsigned i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if ((mask & 1u << i) != 0 && file->shm_exclusive[i]) {
            return false;
        }
    }
    for (unsigned i = 0; i < SQLITE_SHM_NLOCK; i++) {
        file->shm_shared[i] += (mask & ~handle->shm_shared & 1u << i) != 0;
    }
    handle->shm_shared |= mask;
    return true;
}

static bool take_exclusive(struct memory_handle *handle, unsigned mask)
{
    struct memory_file *file = handle->file;
    for (unsigned i = 0; i < SQLITE_SHM_NLOCK; i++) {
        bool is_wanted = (mask & ~handle->shm_exclusive & 1u << i) != 0;
        if (is_wanted && (file->shm_exclusive[i] || file->shm_shared[i] > 0)) {
            return false;
        }
    }
    for (unsigned i = 0; i < SQLITE_SHM_NLOCK; i++) {
        file->shm_exclusive[i] = file->shm_exclusive[i] || (mask & 1u << i) != 0;
    }
    handle->shm_exclusive |= mask;
    return true;
}

static void give_back(struct memory_handle *handle, unsigned mask)
{
    struct memory_file *file = handle->file;
    for (unsigned i = 0; i < SQLITE_SHM_NLOCK; i++) {
        unsigned bit = mask & 1u << i;
        file->shm_shared[i] -= (handle->shm_shared & bit) != 0;
        if ((handle->shm_exclusive & bit) != 0) {
            file->shm_exclusive[i] = false;
        }
    }
    handle->shm_shared &= ~mask;
    handle->shm_exclusive &= ~mask;
}

int handle_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    struct memory_handle *handle = of(base);
    unsigned mask = ((1u << count) - 1u) << offset;
    disk_lock(handle->disk);
    bool is_done = true;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        give_back(handle, mask);
    } else if ((flags & SQLITE_SHM_SHARED) != 0) {
        is_done = take_shared(handle, mask);
    } else {
        is_done = take_exclusive(handle, mask);
    }
    disk_unlock(handle->disk);
    return is_done ? SQLITE_OK : SQLITE_BUSY;
}

void handle_shm_barrier(sqlite3_file *base)
{
    /* The mutex orders memory; SQLite's own lock calls go through it as well. */
    disk_lock(of(base)->disk);
    disk_unlock(of(base)->disk);
}

int handle_shm_unmap(sqlite3_file *base, int is_deleting)
{
    (void)is_deleting; /* the regions go with their last user anyway */
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    if (handle->is_mapped) {
        give_back(handle, ~0u);
        handle->is_mapped = false;
        if (--handle->file->region_users == 0) {
            g_ptr_array_set_size(handle->file->regions, 0);
        }
    }
    disk_unlock(handle->disk);
    return SQLITE_OK;
}
