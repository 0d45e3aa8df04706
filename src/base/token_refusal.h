/*
 * token_refusal: why a token is refused. One table feeds the metric and the debug log.
 */
#ifndef SPECTATE_BASE_TOKEN_REFUSAL_H
#define SPECTATE_BASE_TOKEN_REFUSAL_H

enum token_refusal {
#define TOKEN_REFUSAL(name, text) TOKEN_##name,
#include "base/token_refusal.def"
#undef TOKEN_REFUSAL
    TOKEN_REFUSAL_COUNT
};

/* Static storage, any thread. */
const char *token_refusal_name(enum token_refusal refusal);
const char *token_refusal_text(enum token_refusal refusal);

#endif
