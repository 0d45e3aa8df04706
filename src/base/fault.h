/*
 * fault: what a peer did wrong, with a stable code and a message that says what and where.
 */
#ifndef SPECTATE_BASE_FAULT_H
#define SPECTATE_BASE_FAULT_H

enum fault_code {
#define FAULT(name, text) FAULT_##name,
#include "base/fault.def"
#undef FAULT
    FAULT_COUNT
};

#define FAULT_MESSAGE_BYTES 160

struct fault {
    enum fault_code code;
    char message[FAULT_MESSAGE_BYTES]; /* printable ASCII, NUL-terminated, cut when too long */
};

/* The code as peers and metrics see it, and its meaning. Static storage. */
const char *fault_name(enum fault_code code);
const char *fault_text(enum fault_code code);

/* Fill `fault`. The formatted text holds no bytes that a peer chose. */
__attribute__((format(printf, 3, 4))) void fault_set(struct fault *fault, enum fault_code code,
                                                     const char *format, ...);

#endif
