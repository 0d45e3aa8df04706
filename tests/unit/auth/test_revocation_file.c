#include "auth/revocation_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "tests/lib/test.h"

static char folder[64];
static char path[128];
static struct revocations *set;
static struct revocation_file_report report;

static int set_up(__attribute__((unused)) void **state)
{
    snprintf(folder, sizeof folder, "%s/spectate-test-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/revocations", folder);
    set = revocations_new(100, 1000);
    return 0;
}

static int tear_down(__attribute__((unused)) void **state)
{
    revocations_free(&set);
    unlink(path);
    return rmdir(folder);
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static int append(enum revocation_kind kind, const char *name, int64_t at_s)
{
    struct revocation revocation = {.kind = kind, .name = span_of_text(name), .at_s = at_s};
    return revocation_file_append(path, &revocation);
}

static int load(void)
{
    revocations_free(&set);
    set = revocations_new(100, 1000);
    return revocation_file_load(path, set, &report);
}

static void put(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void expect_contents(const char *expected)
{
    char contents[1024] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(contents, 1, sizeof contents - 1, file);
    contents[len] = '\0';
    fclose(file);
    assert_string_equal(contents, expected);
}

static bool is_revoked(const char *subject, const char *token_id, int64_t issued_s)
{
    struct pass pass = {
        .subject = (char *)subject, .token_id = (char *)token_id, .issued_s = issued_s};
    return revocations_match(set, &pass);
}

TEST(a_file_that_is_not_there_is_empty)
{
    assert_int_equal(load(), 0);
    assert_int_equal(revocations_count(set), 0);
    assert_int_equal(report.lines, 0);
    assert_false(report.is_torn);
}

TEST(what_is_appended_is_loaded)
{
    assert_int_equal(append(REVOKED_TOKEN, "a \"b\" \\ \xc3\xa9 \n", 100), 0);
    assert_int_equal(append(REVOKED_SUBJECT, "7", -5), 0);
    assert_int_equal(append(REVOKED_BEFORE, "", INT64_MAX), 0);
    expect_contents("{\"jti\":\"a \\\"b\\\" \\\\ \xc3\xa9 \\n\",\"at\":100}\n"
                    "{\"sub\":\"7\",\"at\":-5}\n"
                    "{\"issued_before\":9223372036854775807}\n");
    assert_int_equal(load(), 0);
    assert_int_equal(report.lines, 3);
    assert_int_equal(revocations_count(set), 3);
    assert_true(is_revoked(NULL, "a \"b\" \\ \xc3\xa9 \n", INT64_MAX));
    assert_true(is_revoked("7", NULL, -5));
}

TEST(the_longest_name_goes_through_the_file)
{
    char name[PASS_NAME_BYTES + 1] = {0};
    memset(name, '\1', PASS_NAME_BYTES);
    assert_int_equal(append(REVOKED_TOKEN, name, INT64_MIN), 0);
    assert_int_equal(load(), 0);
    assert_true(is_revoked(NULL, name, 0));
}

TEST(only_the_owner_may_read_the_file)
{
    struct stat status;
    assert_int_equal(append(REVOKED_TOKEN, "a", 100), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

TEST(what_is_no_revocation_is_not_written)
{
    assert_int_equal(append(REVOKED_TOKEN, "", 100), ERR_INVALID);
    assert_int_equal(append(REVOKED_TOKEN, "\xff", 100), ERR_INVALID);
    assert_int_equal(append(REVOKED_BEFORE, "a", 100), ERR_INVALID);
    assert_int_equal(access(path, F_OK), -1);
}

TEST(a_corrupt_line_is_an_error_that_names_it)
{
    static const char *const wrong[] = {
        "",
        "7",
        "{}",
        "{\"jti\":\"a\"}",
        "{\"jti\":7,\"at\":1}",
        "{\"jti\":\"\",\"at\":1}",
        "{\"jti\":\"a\",\"at\":\"1\"}",
        "{\"jti\":\"a\",\"at\":1.5}",
        "{\"jti\":\"a\",\"at\":1,\"x\":1}",
        "{\"jti\":\"a\",\"at\":99999999999999999999}",
        "{\"jti\":\"a\\u0000\",\"at\":1}",
        "{\"sub\":\"a\",\"jti\":\"a\"}",
        "{\"issued_before\":\"1\"}",
        "{\"issued_before\":1,\"at\":1}",
        "{\"jti\":\"a\",\"at\":1} {\"jti\":\"b\",\"at\":1}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf lines = {0};
        buf_printf(&lines, "{\"jti\":\"first\",\"at\":1}\n%s\n{\"jti\":\"last\",\"at\":1}\n",
                   wrong[i]);
        put((const char *)lines.data, lines.len);
        buf_fini(&lines);
        assert_int_equal(load(), ERR_FORMAT);
        assert_int_equal(report.lines, 2);
        assert_true(is_revoked(NULL, "first", 1));
        assert_false(is_revoked(NULL, "last", 1));
    }
}

TEST(a_nul_or_an_endless_line_is_an_error)
{
    static char endless[5000];
    static const char nul[] = "{\"jti\":\"a\",\"at\":1}\0\n{\"jti\":\"b\",\"at\":1}\n";
    put(nul, sizeof nul - 1);
    assert_int_equal(load(), ERR_FORMAT);
    assert_int_equal(report.lines, 1);
    memset(endless, ' ', sizeof endless);
    put(endless, sizeof endless);
    assert_int_equal(load(), ERR_FORMAT);
    assert_int_equal(report.lines, 1);
}

TEST(a_last_line_that_was_cut_short_is_left_out_and_told)
{
    static const char lines[] = "{\"jti\":\"a\",\"at\":1}\n{\"jti\":\"b\",\"at\":12}\n";
    size_t first = 19;
    for (size_t len = first + 1; len < sizeof lines - 2; len++) {
        put(lines, len);
        assert_int_equal(load(), 0);
        assert_true(report.is_torn == (len > first));
        assert_true(is_revoked(NULL, "a", 1));
        assert_false(is_revoked(NULL, "b", 1));
        assert_int_equal(append(REVOKED_TOKEN, "c", 1), ERR_FORMAT);
    }
}

TEST(a_last_line_that_lacks_only_its_end_counts)
{
    put("{\"jti\":\"a\",\"at\":1}", 18);
    assert_int_equal(load(), 0);
    assert_true(report.is_torn);
    assert_int_equal(report.lines, 1);
    assert_true(is_revoked(NULL, "a", 1));
    assert_int_equal(append(REVOKED_TOKEN, "c", 1), ERR_FORMAT);
    assert_int_equal(revocation_file_rewrite(path, set), 0);
    assert_int_equal(append(REVOKED_TOKEN, "c", 1), 0);
    expect_contents("{\"jti\":\"a\",\"at\":1}\n{\"jti\":\"c\",\"at\":1}\n");
}

TEST(a_rewrite_takes_the_place_of_the_file)
{
    struct revocation before = {.kind = REVOKED_BEFORE, .at_s = 5};
    char beside[160];
    assert_int_equal(append(REVOKED_TOKEN, "old", 100), 0);
    assert_int_equal(revocations_add(set, &before), 0);
    assert_int_equal(revocation_file_rewrite(path, set), 0);
    expect_contents("{\"issued_before\":5}\n");
    snprintf(beside, sizeof beside, "%s.new", path);
    assert_int_equal(access(beside, F_OK), -1);
}

TEST(more_than_the_set_takes_is_an_error)
{
    assert_int_equal(append(REVOKED_TOKEN, "a", 100), 0);
    assert_int_equal(append(REVOKED_TOKEN, "b", 100), 0);
    revocations_free(&set);
    set = revocations_new(1, 1000);
    assert_int_equal(revocation_file_load(path, set, &report), ERR_FULL);
    assert_int_equal(report.lines, 2);
}

TEST(a_full_disk_is_an_error)
{
    struct revocation revocation = {.kind = REVOKED_TOKEN, .name = span_of_text("a")};
    errno = 0;
    assert_int_equal(revocation_file_append("/dev/full", &revocation), ERR_SYSTEM);
    assert_int_equal(errno, ENOSPC);
}

TEST(a_place_that_is_not_there_is_an_error)
{
    struct revocation revocation = {.kind = REVOKED_TOKEN, .name = span_of_text("a")};
    char elsewhere[192];
    snprintf(elsewhere, sizeof elsewhere, "%s/none/file", folder);
    assert_int_equal(revocation_file_append(elsewhere, &revocation), ERR_SYSTEM);
    assert_int_equal(revocation_file_rewrite(elsewhere, set), ERR_SYSTEM);
    assert_int_equal(revocation_file_load(folder, set, &report), ERR_SYSTEM);
}

TEST(a_rewrite_that_fails_leaves_the_file_as_it_was)
{
    char beside[160];
    snprintf(beside, sizeof beside, "%s.new", path);
    assert_int_equal(append(REVOKED_TOKEN, "a", 100), 0);
    assert_int_equal(mkdir(beside, 0700), 0);
    assert_int_equal(revocation_file_rewrite(path, set), ERR_SYSTEM);
    assert_int_equal(rmdir(beside), 0);
    expect_contents("{\"jti\":\"a\",\"at\":100}\n");
}
