/*
 * file: what is done to the store's files beside what SQLite does.
 */
#ifndef SPECTATE_STORE_FILE_H
#define SPECTATE_STORE_FILE_H

/*
 * Make an empty file that only its owner may read, when there is none: where people were is nobody else's business. What SQLite makes
 * beside it is as private. Not for a file that SQLite has open: closing any descriptor of it drops the locks that this process has
 * on it. 0; ERR_SYSTEM: errno says why.
 */
int file_make_private(const char *path);

/*
 * Take the lock PATH-lock: one process at a time has a store open. SQLite would let several write, but each would number its boots
 * and positions as if it were alone. Returns what to pass to file_unlock(); ERR_FULL: another process has it; ERR_SYSTEM: errno
 * says why; ERR_NO_MEMORY.
 */
int file_lock(const char *path);

/* -1 is fine. */
void file_unlock(int lock);

/* Remove a database with all that SQLite makes beside it, as far as they are there. 0 or ERR_NO_MEMORY. */
int file_remove_database(const char *path);

/* What is in the folder of this path, by its names, is on disk when this returns. 0, ERR_SYSTEM (errno) or ERR_NO_MEMORY. */
int file_sync_folder(const char *path);

/* path + suffix. Owned by the caller; NULL: no memory. */
char *file_name_beside(const char *path, const char *suffix);

#endif
