#include "base/token_refusal.h"

#include "base/check.h"

static const struct {
    const char *name;
    const char *text;
} refusals[TOKEN_REFUSAL_COUNT] = {
#define TOKEN_REFUSAL(name, text) {#name, text},
#include "base/token_refusal.def"
#undef TOKEN_REFUSAL
};

const char *token_refusal_name(enum token_refusal refusal)
{
    CHECK((unsigned)refusal < TOKEN_REFUSAL_COUNT);
    return refusals[refusal].name;
}

const char *token_refusal_text(enum token_refusal refusal)
{
    CHECK((unsigned)refusal < TOKEN_REFUSAL_COUNT);
    return refusals[refusal].text;
}
