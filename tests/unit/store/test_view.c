#include "store/view.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"
#include "store/db.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

TEST_SETUP(store_kit_set_up);
TEST_TEARDOWN(store_kit_tear_down);

/* How many positions the track of 7 has, or a failure. */
static int read_track(struct store_reader *reader, void *context)
{
    struct seen *seen = context;
    struct store_track track = {
        .runner = runner_of("7"), .from_ms = INT64_MIN, .until_ms = INT64_MAX, .limit = 100};
    seen->count = 0;
    return store_read_track(reader, &track, seen_keep, seen);
}

static struct store_view *open_view(struct store_kit *kit)
{
    struct store_view *view;
    assert_int_equal(store_view_open(kit->path, &view, &kit->trouble), 0);
    return view;
}

static void refuses(struct store_kit *kit, int err, const char *why)
{
    struct store_view *view;
    assert_int_equal(store_view_open(kit->path, &view, &kit->trouble), err);
    assert_null(view);
    assert_non_null(strstr(kit->trouble.text, why));
}

static void change_file(struct store_kit *kit, const char *sql)
{
    sqlite3 *handle = NULL;
    store_kit_close(kit);
    assert_int_equal(sqlite3_open(kit->path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

TEST(a_store_is_read_while_another_has_it_open_and_what_comes_meanwhile_is_seen)
{
    struct store_kit *kit = *state;
    struct store_view *view;
    store_kit_put_one(kit, "7", 1000);
    view = open_view(kit);
    assert_int_equal(store_view_read(view, read_track, &kit->seen, &kit->trouble), 1);
    assert_int_equal(store_kit_put_one(kit, "7", 2000), 0);
    assert_int_equal(store_view_read(view, read_track, &kit->seen, &kit->trouble), 2);
    store_kit_close(kit);
    assert_int_equal(store_view_read(view, read_track, &kit->seen, &kit->trouble), 2);
    store_view_close(&view);
}

TEST(a_store_that_nobody_has_open_is_read_and_is_the_same_boot_of_the_same_store_after_it)
{
    struct store_kit *kit = *state;
    uint32_t boot = store_identity(kit->store)->boot;
    store_kit_put_one(kit, "7", 1000);
    store_kit_close(kit);
    struct store_view *view = open_view(kit);
    assert_int_equal(store_view_read(view, read_track, &kit->seen, &kit->trouble), 1);
    store_view_close(&view);
    store_kit_reopen(kit);
    assert_int_equal(store_identity(kit->store)->boot, boot + 1);
}

TEST(a_view_is_no_lock_for_who_opens_the_store)
{
    struct store_kit *kit = *state;
    store_kit_close(kit);
    struct store_view *view = open_view(kit);
    store_kit_reopen(kit);
    assert_int_equal(store_kit_put_one(kit, "7", 1000), 0);
    assert_int_equal(store_view_read(view, read_track, &kit->seen, &kit->trouble), 1);
    store_view_close(&view);
}

TEST(files_of_other_versions_and_other_files_are_refused_with_what_they_are)
{
    struct store_kit *kit = *state;
    change_file(kit, "PRAGMA user_version = 99");
    refuses(kit, ERR_INVALID, "written by a newer version");
    change_file(kit, "PRAGMA user_version = 0");
    refuses(kit, ERR_INVALID, "not a store yet");
    change_file(kit, "PRAGMA application_id = 1");
    refuses(kit, ERR_FORMAT, "another program");
    FILE *file = fopen(kit->path, "wb");
    for (int i = 0; i < 4096; i++)
        fputc('x', file);
    fclose(file);
    refuses(kit, ERR_FORMAT, "not a store");
    assert_int_equal(remove(kit->path), 0);
    refuses(kit, ERR_SYSTEM, "No such file");
}

TEST(no_file_is_made_by_looking)
{
    struct store_kit *kit = *state;
    struct stat found;
    store_kit_close(kit);
    assert_int_equal(remove(kit->path), 0);
    refuses(kit, ERR_SYSTEM, "No such file");
    assert_int_equal(stat(kit->path, &found), -1);
}

static int fail_by_itself(struct store_reader *reader, void *context)
{
    (void)reader;
    (void)context;
    return ERR_TOO_MANY;
}

TEST(a_reading_that_fails_does_not_stand_in_the_way_of_the_next)
{
    struct store_kit *kit = *state;
    struct store_view *view = open_view(kit);
    assert_int_equal(store_view_read(view, fail_by_itself, NULL, &kit->trouble), ERR_TOO_MANY);
    assert_int_equal(store_view_read(view, read_track, &kit->seen, &kit->trouble), 0);
    store_view_close(&view);
}
