#include "base/json_scan.h"

size_t json_skip_string(struct span text, size_t at)
{
    for (at++; at < text.len; at++) {
        if (text.data[at] == '\\')
            at++;
        else if (text.data[at] == '"')
            return at + 1;
    }
    return text.len;
}

bool json_is_deeper_than(struct span text, size_t depth)
{
    size_t open = 0;
    size_t at = 0;
    while (at < text.len) {
        uint8_t byte = text.data[at];
        if (byte == '"') {
            at = json_skip_string(text, at);
            continue;
        }
        if ((byte == '[' || byte == '{') && ++open > depth)
            return true;
        if ((byte == ']' || byte == '}') && open > 0)
            open--;
        at++;
    }
    return false;
}
