#include "cli/token_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "auth/secret.h"
#include "base/err.h"

static int refuse(int err, const char *path, const char *why, char error[TOKEN_FILE_ERROR_BYTES])
{
    snprintf(error, TOKEN_FILE_ERROR_BYTES, "%s: %s", path, why);
    return err;
}

/* RFC 6750 section 2.1: what may stand behind Bearer. */
static bool is_token(struct span text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-._~+/=";
    for (size_t i = 0; i < text.len; i++)
        if (memchr(allowed, text.data[i], sizeof allowed - 1) == NULL)
            return false;
    return text.len > 0 && text.len <= TOKEN_FILE_BYTES_MAX;
}

int token_file_read(const char *path, struct buf *token, char error[TOKEN_FILE_ERROR_BYTES])
{
    char contents[TOKEN_FILE_BYTES_MAX + sizeof "\r\n"];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return refuse(ERR_SYSTEM, path, strerror(errno), error);
    size_t len = fread(contents, 1, sizeof contents, file);
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    if (failed != 0)
        return refuse(ERR_SYSTEM, path, strerror(failed), error);
    struct span text = secret_trim(span_of(contents, len));
    if (!is_token(text))
        return refuse(ERR_FORMAT, path, "this holds no token", error);
    return buf_append(token, text) < 0 ? refuse(ERR_NO_MEMORY, path, "no memory", error) : 0;
}
