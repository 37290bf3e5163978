/* db/memory_vfs.h - a disk in memory that can fill up, fail and lose power.
 *
 * For tests and the simulator. A disk is an SQLite VFS under its own name; open a database on it with
 * db_open("file:NAME.db?vfs=DISK", …). Readers and a writer may share it (WAL works), from any thread
 * of this process.
 *
 * What a disk promises is what a real one does: a write is safe once it is synced; before that, power
 * loss keeps any part of it, sector by sector and in any order, and a truncation or a removed file
 * may come back. A machine that keeps running sees every write at once. */
#ifndef DB_MEMORY_VFS_H
#define DB_MEMORY_VFS_H

#include "base/random.h"

struct memory_disk;

/* `name` is the VFS; one that is not in use. An empty disk without faults or limits. */
NODISCARD struct memory_disk *memory_disk_create(const char *name);
/* Every database on it must be closed. */
void memory_disk_destroy(struct memory_disk **disk);
/* No files, no faults, no limits, counters at zero. Every database on it must be closed. */
void memory_disk_reset(struct memory_disk *disk);

/* --- faults that a running server meets --- */

/* Writes that would take the files over `bytes` fail as on a full disk; negative: no limit. */
void memory_disk_set_capacity(struct memory_disk *disk, int64_t bytes);
int64_t memory_disk_used(struct memory_disk *disk);
/* Every write, new file and removal fails as on a file system that was made read-only. */
void memory_disk_set_read_only(struct memory_disk *disk, bool is_read_only);

enum disk_call {
    DISK_READ = 1,
    DISK_WRITE,
    DISK_SYNC,
    DISK_TRUNCATE,
    DISK_REMOVE,
    DISK_CALL_COUNT
};

enum disk_fault {
    DISK_FULL = 1,   /* no space (a write of which half arrives) */
    DISK_BROKEN,     /* input/output error */
    DISK_POWER_LOSS, /* the power goes before the call does anything: memory_disk_power_off */
};

/* The `nth` call from now (1: the next) of that kind fails; then all is well again, unless `for_ever`.
 * `call` 0 means any but reads. One fault at a time; nth 0 takes it away. */
void memory_disk_fail(struct memory_disk *disk, enum disk_call call, int64_t nth,
                      enum disk_fault fault, bool for_ever);

/* Calls so far of a kind, or of any but reads (0): for a harness that fails each in turn. */
int64_t memory_disk_calls(struct memory_disk *disk, enum disk_call call);

/* --- power loss, in three steps: power off; close every database; power on --- */

/* From now on every call fails. */
void memory_disk_power_off(struct memory_disk *disk);
bool memory_disk_is_off(struct memory_disk *disk);
/* Decides with `random` what survived of the writes that were not synced: nothing, all, or any of
 * their sectors. Every database must be closed. Faults are gone, limits stay. */
void memory_disk_power_on(struct memory_disk *disk, const struct random *random);

/* Changes one bit of a file (as named in the URI, "sim.db" or "sim.db-wal"), under everybody's
 * hands. False when there is no such byte. */
NODISCARD bool memory_disk_flip(struct memory_disk *disk, const char *file, int64_t byte,
                                unsigned bit);

#endif
