/*
 * err: the program's own failures, as negative integers.
 *
 * A function that returns `int` gives 0 or more for success and one of these for failure. On failure the caller still
 * owns what it passed.
 */
#ifndef SPECTATE_BASE_ERR_H
#define SPECTATE_BASE_ERR_H

enum err_ordinal {
    ERR_ORDINAL_NONE = 0,
#define ERR(name, text) ERR_ORDINAL_##name,
#include "base/err.def"
#undef ERR
};

enum err {
    ERR_NONE = 0,
#define ERR(name, text) ERR_##name = -ERR_ORDINAL_##name,
#include "base/err.def"
#undef ERR
};

/* A short text for a result of this kind; "success" for 0 or more. Static storage, any thread. */
const char *err_text(int err);

#endif
