#include "auth/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static char folder[64];
static char path[128];

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/spectate-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

TEST(what_was_created_is_read_and_is_for_its_owner_alone)
{
    struct stat facts;
    struct buf contents = {0};
    umask(0);
    assert_int_equal(key_file_create(path, span_of("a\0b", 3)), 0);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    assert_int_equal(key_file_read(path, 3, &contents), 0);
    assert_true(span_equals(buf_span(&contents), span_of("a\0b", 3)));
    key_file_forget(&contents);
    assert_null(contents.data);
}

TEST(nothing_is_overwritten)
{
    struct buf contents = {0};
    assert_int_equal(key_file_create(path, span_of_text("first")), 0);
    assert_int_equal(key_file_create(path, span_of_text("second")), ERR_SYSTEM);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(key_file_read(path, 100, &contents), 0);
    assert_true(span_equals(buf_span(&contents), span_of_text("first")));
    key_file_forget(&contents);
}

TEST(a_link_that_leads_nowhere_is_not_followed)
{
    assert_int_equal(symlink("/nonexistent/elsewhere", path), 0);
    assert_int_equal(key_file_create(path, span_of_text("x")), ERR_SYSTEM);
    assert_int_equal(errno, EEXIST);
}

TEST(a_big_file_is_read_whole_up_to_the_bound_and_refused_beyond_it)
{
    struct buf contents = {0};
    char *bytes = mem_must(100000);
    assert_int_equal(key_file_create(path, span_of(bytes, 100000)), 0);
    assert_int_equal(key_file_read(path, 100000, &contents), 0);
    assert_int_equal(contents.len, 100000);
    key_file_forget(&contents);
    assert_int_equal(key_file_read(path, 99999, &contents), ERR_TOO_BIG);
    assert_null(contents.data);
    assert_int_equal(key_file_read("/dev/zero", 99999, &contents), ERR_TOO_BIG);
    mem_free(bytes);
}

TEST(what_can_not_be_read_says_why)
{
    struct buf contents = {0};
    assert_int_equal(key_file_read(path, 100, &contents), ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(key_file_read(folder, 100, &contents), ERR_SYSTEM);
    assert_int_equal(errno, EISDIR);
    assert_null(contents.data);
    assert_int_equal(key_file_create("/nonexistent/key", span_of_text("x")), ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
}

TEST(without_memory_nothing_is_kept)
{
    struct buf contents = {0};
    assert_int_equal(key_file_create(path, span_of_text("x")), 0);
    mem_fail_after(0);
    assert_int_equal(key_file_read(path, 100, &contents), ERR_NO_MEMORY);
    assert_null(contents.data);
}
