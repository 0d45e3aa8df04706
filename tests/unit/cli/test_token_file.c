/* Tokens that commands read from files. */
#include "cli/token_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/lib/test.h"

static char error[TOKEN_FILE_ERROR_BYTES];

/* Read a file with these contents. */
static int read_of(const void *contents, size_t len, struct buf *token)
{
    char path[] = "/tmp/spectate-token-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, contents, len) == (ssize_t)len);
    close(fd);
    int err = token_file_read(path, token, error);
    unlink(path);
    return err;
}

TEST(a_token_is_read_and_one_newline_behind_it_does_not_count)
{
    static const char *const contents[] = {"ab.c-d_e.f", "ab.c-d_e.f\n", "ab.c-d_e.f\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct buf token = {0};
        assert_int_equal(read_of(contents[i], strlen(contents[i]), &token), 0);
        assert_true(span_equals(buf_span(&token), span_of_text("ab.c-d_e.f")));
        buf_fini(&token);
    }
}

TEST(what_could_be_more_than_a_token_is_refused)
{
    static const char *const contents[] = {"", "\n", "a b", "a\nb", "a\r\nX: y", "a\n\n", "\"a\""};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        struct buf token = {0};
        assert_int_equal(read_of(contents[i], strlen(contents[i]), &token), ERR_FORMAT);
        assert_non_null(strstr(error, "holds no token"));
        assert_int_equal(token.len, 0);
    }
    struct buf token = {0};
    assert_int_equal(read_of("a\0b", 3, &token), ERR_FORMAT);
}

TEST(a_token_has_8_kb_at_most)
{
    char contents[TOKEN_FILE_BYTES_MAX + 10];
    memset(contents, 'a', sizeof contents);
    for (size_t over = 0; over < 10; over++) {
        struct buf token = {0};
        int err = read_of(contents, TOKEN_FILE_BYTES_MAX + over, &token);
        assert_int_equal(err, over == 0 ? 0 : ERR_FORMAT);
        buf_fini(&token);
    }
}

TEST(a_file_that_is_not_there_is_named)
{
    struct buf token = {0};
    assert_int_equal(token_file_read("/nowhere/token", &token, error), ERR_SYSTEM);
    assert_non_null(strstr(error, "/nowhere/token: "));
}
