#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"

static const struct {
    const char *name;
    const char *text;
} faults[FAULT_COUNT] = {
#define FAULT(name, text) {#name, text},
#include "base/fault.def"
#undef FAULT
};

const char *fault_name(enum fault_code code)
{
    CHECK((unsigned)code < FAULT_COUNT);
    return faults[code].name;
}

const char *fault_text(enum fault_code code)
{
    CHECK((unsigned)code < FAULT_COUNT);
    return faults[code].text;
}

void fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
{
    fault->code = code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
}
