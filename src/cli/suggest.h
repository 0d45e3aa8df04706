/*
 * suggest: which word was meant by one that was misspelt.
 */
#ifndef SPECTATE_CLI_SUGGEST_H
#define SPECTATE_CLI_SUGGEST_H

#include <stddef.h>

/*
 * The one of `words` that is nearest to `word`: at most two letters added, left out or replaced (Levenshtein), and fewer than
 * half of it. NULL when there is none. Borrowed from `words`.
 */
const char *suggest(const char *word, const char *const *words, size_t count);

#endif
