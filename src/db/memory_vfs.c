/* SQLite's view of a memory disk: files and folder. */
#include "db/memory_disk.h"

#include <errno.h>
#include <string.h>

static struct memory_handle *of(sqlite3_file *base)
{
    return (struct memory_handle *)base;
}

static int handle_close(sqlite3_file *base)
{
    struct memory_handle *handle = of(base);
    (void)handle_shm_unmap(base, 0);
    (void)handle_unlock(base, SQLITE_LOCK_NONE);
    disk_lock(handle->disk);
    disk_unref_file(handle->file);
    disk_unlock(handle->disk);
    return SQLITE_OK;
}

static int handle_read(sqlite3_file *base, void *out, int size, sqlite3_int64 at)
{
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    int met = disk_meet(handle->disk, DISK_READ);
    const GByteArray *seen = handle->file->seen;
    int64_t there = CLAMP((int64_t)seen->len - at, 0, size);
    if (met == 0 && there > 0) {
        memcpy(out, seen->data + at, (size_t)there);
    }
    disk_unlock(handle->disk);
    if (met != 0) {
        return SQLITE_IOERR_READ;
    }
    if (there < size) { /* SQLite wants the rest zeroed */
        memset((char *)out + there, 0, (size_t)(size - there));
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

static int handle_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 at)
{
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    int code = disk_write(handle->disk, handle->file, bytes, size, at);
    disk_unlock(handle->disk);
    return code;
}

static int handle_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    int code = disk_truncate(handle->disk, handle->file, size);
    disk_unlock(handle->disk);
    return code;
}

static int handle_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    int code = disk_sync(handle->disk, handle->file);
    disk_unlock(handle->disk);
    return code;
}

static int handle_size(sqlite3_file *base, sqlite3_int64 *out)
{
    struct memory_handle *handle = of(base);
    disk_lock(handle->disk);
    *out = handle->file->seen->len;
    disk_unlock(handle->disk);
    return SQLITE_OK;
}

static int handle_control(sqlite3_file *base, int operation, void *arg)
{
    struct memory_handle *handle = of(base);
    if (operation == SQLITE_FCNTL_PERSIST_WAL) {
        int *is_left = arg; /* negative: asks */
        handle->is_log_left = *is_left < 0 ? handle->is_log_left : *is_left != 0;
        *is_left = handle->is_log_left;
        return SQLITE_OK;
    }
    if (operation != SQLITE_FCNTL_SIZE_HINT) {
        return SQLITE_NOTFOUND;
    }
    disk_lock(handle->disk);
    int code = disk_extend(handle->disk, handle->file, *(const sqlite3_int64 *)arg);
    disk_unlock(handle->disk);
    return code;
}

static int handle_sector(sqlite3_file *base)
{
    (void)base;
    return SECTOR_SIZE;
}

static int handle_traits(sqlite3_file *base)
{
    (void)base;
    /* As the unix VFS says of every disk: a torn write spoils nothing outside its own bytes. */
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = handle_close,
    .xRead = handle_read,
    .xWrite = handle_write,
    .xTruncate = handle_truncate,
    .xSync = handle_sync,
    .xFileSize = handle_size,
    .xLock = handle_lock,
    .xUnlock = handle_unlock,
    .xCheckReservedLock = handle_is_reserved,
    .xFileControl = handle_control,
    .xSectorSize = handle_sector,
    .xDeviceCharacteristics = handle_traits,
    .xShmMap = handle_shm_map,
    .xShmLock = handle_shm_lock,
    .xShmBarrier = handle_shm_barrier,
    .xShmUnmap = handle_shm_unmap,
};

static struct memory_disk *disk_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out)
{
    struct memory_disk *disk = disk_of(vfs);
    struct memory_handle *handle = of(base);
    *handle = (struct memory_handle){.disk = disk};
    if (name == NULL) {
        return SQLITE_CANTOPEN; /* a temporary file: we keep those in memory */
    }
    disk_lock(disk);
    if (!disk->is_off) {
        handle->file = disk_open_file(disk, name, (flags & SQLITE_OPEN_CREATE) != 0);
    }
    bool is_read_only = disk->is_read_only;
    disk_unlock(disk);
    if (handle->file == NULL) {
        return is_read_only ? SQLITE_READONLY_CANTINIT : SQLITE_CANTOPEN;
    }
    handle->base.pMethods = &METHODS;
    if (out != NULL) {
        *out = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct memory_disk *disk = disk_of(vfs);
    disk_lock(disk);
    int code = disk_remove(disk, name, sync_folder != 0);
    disk_unlock(disk);
    return code;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)flags;
    struct memory_disk *disk = disk_of(vfs);
    disk_lock(disk);
    *out = g_hash_table_contains(disk->files, name);
    bool is_off = disk->is_off;
    disk_unlock(disk);
    return is_off ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    return g_strlcpy(out, name, (gsize)size) < (gsize)size ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* Only salts come from here, and they decide nothing; the same every time is welcome. */
static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    memset(out, 7, (size_t)size);
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us; /* who would we wait for? The others of this process hold locks for moments only */
}

/* SQL asks for no time; see db.h. */
static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = INT64_C(210866803200000);
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

struct memory_disk *memory_disk_create(const char *name)
{
    CHECK(sqlite3_vfs_find(name) == NULL);
    struct memory_disk *disk = g_new0(struct memory_disk, 1);
    disk->name = g_strdup(name);
    disk_init(disk);
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct memory_handle),
        .mxPathname = 512,
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_name,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    CHECK(sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK);
    return disk;
}

void memory_disk_destroy(struct memory_disk **disk)
{
    if (*disk == NULL) {
        return;
    }
    CHECK(sqlite3_vfs_unregister(&(*disk)->vfs) == SQLITE_OK);
    g_hash_table_unref((*disk)->files);
    g_ptr_array_unref((*disk)->removed);
    CHECK(pthread_mutex_destroy(&(*disk)->mutex) == 0);
    g_free((*disk)->name);
    g_clear_pointer(disk, g_free);
}
