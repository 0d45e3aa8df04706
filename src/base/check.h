/*
 * check: assertions that stay on in every build.
 *
 * A failed CHECK is a bug of ours: it says where, and aborts. A peer can never trip one, whatever it sends.
 */
#ifndef SPECTATE_BASE_CHECK_H
#define SPECTATE_BASE_CHECK_H

#include <stddef.h>

/* `condition` has no side effects. */
#define CHECK(condition) ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))

/* An object that came through a void pointer is what we think it is, and alive. */
#define CHECK_MAGIC(object, magic_value) CHECK((object) != NULL && (object)->magic == (magic_value))

/* Print the broken expectation to stderr and abort. Any thread. */
_Noreturn void check_failed(const char *condition, const char *file, int line);

#endif
