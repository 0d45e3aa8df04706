/*
 * key_file: the small files that keys and secrets are kept in, read whole. Blocking: at the start, and in commands.
 */
#ifndef SPECTATE_AUTH_KEY_FILE_H
#define SPECTATE_AUTH_KEY_FILE_H

#include "base/buf.h"

/*
 * Fill the empty `contents`. 0; ERR_SYSTEM: errno says why; ERR_TOO_BIG: it has more than `max_bytes`; ERR_NO_MEMORY. On failure
 * `contents` is empty.
 */
int key_file_read(const char *path, size_t max_bytes, struct buf *contents);

/*
 * A new file that only its owner may read, with these contents on disk. 0; ERR_SYSTEM: errno says why (EEXIST: there is
 * something of that name, which stays as it is), and there is no new file.
 */
int key_file_create(const char *path, struct span contents);

/* buf_fini(), with the bytes overwritten before. */
void key_file_forget(struct buf *contents);

#endif
