/*
 * tls_failure: why TLS with a peer did not come about or broke. One table feeds the metric, the log and the documentation.
 */
#ifndef SPECTATE_BASE_TLS_FAILURE_H
#define SPECTATE_BASE_TLS_FAILURE_H

enum tls_failure {
#define TLS_FAILURE(name, text) TLS_FAILURE_##name,
#include "base/tls_failure.def"
#undef TLS_FAILURE
    TLS_FAILURE_COUNT
};

/* As metrics see it, and its meaning. Static storage. */
const char *tls_failure_name(enum tls_failure failure);
const char *tls_failure_text(enum tls_failure failure);

#endif
