/*
 * revocation_file: revocations that survive a restart. One JSON object a line:
 *
 *   {"jti":"4711","at":1777600000}
 *   {"sub":"7","at":1777600000}
 *   {"issued_before":1777600000}
 *
 * An entry is appended and synced before it is acknowledged; the whole is rewritten now and then by a new file that takes the
 * place of the old. A last line without its end is an append that a crash cut short: it was never acknowledged, and is left out
 * and told; appending behind it is refused until the file is rewritten. Any other line that is not as above is an error: who
 * relies on a revocation is to know when it is unreadable.
 *
 * Blocking; one thread at a time, not a worker's.
 */
#ifndef SPECTATE_AUTH_REVOCATION_FILE_H
#define SPECTATE_AUTH_REVOCATION_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/revocations.h"

struct revocation_file_report {
    size_t lines; /* read; on ERR_FORMAT the number of the line at fault, from 1 */
    bool is_torn; /* the last line was cut short */
};

/*
 * Add the file's entries to `set`. A file that is not there is empty. 0; ERR_FORMAT: see the report; ERR_FULL (the set's);
 * ERR_SYSTEM with errno; ERR_NO_MEMORY. On failure the set holds what came before it.
 */
int revocation_file_load(const char *path, struct revocations *set,
                         struct revocation_file_report *report);

/*
 * On disk when it returns 0. ERR_INVALID: not a revocation; ERR_FORMAT: the file's last line is cut short, rewrite it;
 * ERR_SYSTEM with errno: the file is as it was, or is torn; ERR_NO_MEMORY. Made with mode 0600 when it is not there.
 */
int revocation_file_append(const char *path, const struct revocation *revocation);

/* All or nothing, on disk when it returns 0. ERR_SYSTEM with errno; ERR_NO_MEMORY. Uses `path`.new beside it. */
int revocation_file_rewrite(const char *path, const struct revocations *set);

#endif
