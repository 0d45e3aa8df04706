#include "cli/suggest.h"

#include <string.h>

#define LONGEST 32
#define FURTHEST 2

static size_t smallest(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance by rows: `row[j]` is that of what was seen of `a` to the first j letters of `b`. */
static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST + 1];
    size_t len = strlen(b);
    if (len > LONGEST || strlen(a) > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= len; j++) {
            size_t replaced = diagonal + (a[i] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = smallest(replaced, smallest(row[j], row[j - 1]) + 1);
        }
    }
    return row[len];
}

const char *suggest(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t best_distance = FURTHEST + 1;
    for (size_t i = 0; i < count; i++) {
        size_t found = distance(word, words[i]);
        if (found < best_distance && found * 2 < strlen(words[i])) {
            best = words[i];
            best_distance = found;
        }
    }
    return best;
}
