/*
 * backup: copies of the store while it works, and whether it is sound.
 */
#ifndef SPECTATE_STORE_BACKUP_H
#define SPECTATE_STORE_BACKUP_H

#include "store/store.h"

/*
 * A whole copy, as of when the job began, in a new file at `path`; it appears under its name when it is on disk. Positions are stored
 * meanwhile; other jobs have one thread less. The copy is another store (store_identity()): once it is put in this one's place, cursors
 * from after the copy must not pass for its own.
 *
 * 0; ERR_SYSTEM, ERR_NO_MEMORY, ERR_FORMAT, ERR_INVALID (there is a file of that name) with `trouble`, and there is no new file;
 * ERR_CLOSED: the store is being closed.
 */
int store_backup(struct store_reader *reader, const char *path, struct store_trouble *trouble);

/* 0: each page, row and index is sound. ERR_FORMAT, with `trouble`: not. Reads the whole file. */
int store_check(struct store_reader *reader, struct store_trouble *trouble);

#endif
