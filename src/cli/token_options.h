/*
 * token_options: the command line of `spectate token`.
 */
#ifndef SPECTATE_CLI_TOKEN_OPTIONS_H
#define SPECTATE_CLI_TOKEN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/key_alg.h"
#include "base/span.h"

/* Ids and patterns, borrowed from the command line. */
struct token_list {
    struct span *items; /* owned */
    size_t count;
};

/* Texts are borrowed; NULL: not given. Exactly one of `key` and `secret` is. */
struct token_options {
    const char *key;
    const char *secret;
    const char *kid;
    const char *sub;
    const char *issuer;
    const char *audience;
    const char *id;
    const char *url;
    struct token_list publish;
    struct token_list follow;
    enum key_alg alg;       /* KEY_ALG_COUNT: not given */
    enum key_alg keygen;    /* KEY_ALG_COUNT: a token is wanted */
    uint64_t expires_ms;    /* from now; after not_before_ms */
    uint64_t not_before_ms; /* 0: at once */
    uint64_t rate;          /* 0: not given */
    uint64_t follows;
    bool is_share;
    bool wants_qr;
    bool wants_no_qr;
    const char *alg_text; /* as they were given */
    const char *keygen_text;
    const char *next_publish;
    const char *next_follow;
};

/* Does not return when the usage is wrong or --help is asked for. */
struct token_options token_options_parse(int argc, char **argv);
void token_options_fini(struct token_options *options);

#endif
