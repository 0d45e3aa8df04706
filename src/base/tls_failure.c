#include "base/tls_failure.h"

#include "base/check.h"

static const struct {
    const char *name;
    const char *text;
} failures[TLS_FAILURE_COUNT] = {
#define TLS_FAILURE(name, text) {#name, text},
#include "base/tls_failure.def"
#undef TLS_FAILURE
};

const char *tls_failure_name(enum tls_failure failure)
{
    CHECK((unsigned)failure < TLS_FAILURE_COUNT);
    return failures[failure].name;
}

const char *tls_failure_text(enum tls_failure failure)
{
    CHECK((unsigned)failure < TLS_FAILURE_COUNT);
    return failures[failure].text;
}
