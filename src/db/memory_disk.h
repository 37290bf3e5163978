/* db/memory_disk.h - the inside of a memory disk, for memory_disk.c (what it keeps), memory_vfs.c
 * (SQLite's view of files) and memory_shm.c (locks and shared memory). */
#ifndef DB_MEMORY_DISK_H
#define DB_MEMORY_DISK_H

#include <glib.h>
#include <pthread.h>
#include <sqlite3.h>

#include "db/memory_vfs.h"

enum { SECTOR_SIZE = 512 };

/* A change that no sync has made safe yet. */
struct pending {
    bool is_truncation; /* to `at` bytes */
    int64_t at;
    GBytes *bytes;
};

struct memory_file {
    char *name;
    int refs;          /* open handles, and one for being in the folder */
    bool is_linked;    /* has its name in the folder */
    bool is_safe;      /* its name survives a power loss */
    GByteArray *seen;  /* what a running machine reads */
    GByteArray *safe;  /* what is on the platter */
    GArray *pending;   /* of struct pending: how `seen` came from `safe` */
    int lock_shared;   /* SQLite's locks of the file, over all handles */
    int lock_reserved; /* 0 or 1, and so below */
    int lock_pending;
    int lock_exclusive;
    GPtrArray *regions; /* of shared memory; gone with the last handle that maps them */
    int region_users;
    int shm_shared[SQLITE_SHM_NLOCK];
    bool shm_exclusive[SQLITE_SHM_NLOCK];
};

struct memory_disk {
    sqlite3_vfs vfs;
    char *name;
    pthread_mutex_t mutex; /* guards all below and every file */
    GHashTable *files;     /* name -> struct memory_file, those in the folder */
    GPtrArray *removed;    /* of struct memory_file: removed, but that is not safe yet */
    int64_t capacity;      /* negative: none */
    bool is_read_only;
    bool is_off;
    int64_t calls[DISK_CALL_COUNT];
    enum disk_call fail_call;
    int64_t fail_in; /* 0: no fault is set */
    enum disk_fault fault;
    bool is_fault_for_ever;
};

/* A handle of SQLite's. */
struct memory_handle {
    sqlite3_file base;
    struct memory_disk *disk;
    struct memory_file *file;
    int lock; /* SQLITE_LOCK_NONE … EXCLUSIVE */
    bool is_mapped;
    bool is_log_left;    /* when the last handle closes */
    unsigned shm_shared; /* bit per lock */
    unsigned shm_exclusive;
};

void disk_init(struct memory_disk *disk); /* all but the VFS */
void disk_lock(struct memory_disk *disk);
void disk_unlock(struct memory_disk *disk);

/* All below with the disk locked. */

/* Counts the call; 0 when it may go on, else the fault that it meets. */
int disk_meet(struct memory_disk *disk, enum disk_call call);
struct memory_file *disk_open_file(struct memory_disk *disk, const char *name, bool may_create);
void disk_unref_file(struct memory_file *file);
/* SQLite result codes. */
int disk_write(struct memory_disk *disk, struct memory_file *file, const void *bytes, int size,
               int64_t at);
/* Makes it at least as long, of zeros. */
int disk_extend(struct memory_disk *disk, struct memory_file *file, int64_t size);
int disk_truncate(struct memory_disk *disk, struct memory_file *file, int64_t size);
int disk_sync(struct memory_disk *disk, struct memory_file *file);
int disk_remove(struct memory_disk *disk, const char *name, bool is_synced);

/* Locks and shared memory (memory_shm.c); they fill the handle's method table. */
int handle_lock(sqlite3_file *base, int level);
int handle_unlock(sqlite3_file *base, int level);
int handle_is_reserved(sqlite3_file *base, int *out);
int handle_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out);
int handle_shm_lock(sqlite3_file *base, int offset, int count, int flags);
void handle_shm_barrier(sqlite3_file *base);
int handle_shm_unmap(sqlite3_file *base, int is_deleting);

#endif
