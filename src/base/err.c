#include "base/err.h"

const char *err_text(int err)
{
    if (err >= 0)
        return "success";
    switch (err) {
#define ERR(name, text)                                                                            \
    case ERR_##name:                                                                               \
        return text;
#include "base/err.def"
#undef ERR
    default:
        return "unknown failure";
    }
}
