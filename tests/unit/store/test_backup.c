#include "store/backup.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

TEST_SETUP(store_kit_set_up);
TEST_TEARDOWN(store_kit_tear_down);

struct wish {
    struct store_trouble trouble;
    char path[128];
};

static struct wish wish_for(const struct store_kit *kit, const char *name)
{
    struct wish wish = {0};
    snprintf(wish.path, sizeof wish.path, "%s/%s", kit->folder, name);
    return wish;
}

static int back_up(struct store_reader *reader, void *context)
{
    struct wish *wish = context;
    return store_backup(reader, wish->path, &wish->trouble);
}

/* Then the kit's store is the copy. */
static void open_copy(struct store_kit *kit, const struct wish *wish)
{
    store_kit_close(kit);
    kit->options.path = wish->path;
    store_kit_reopen(kit);
}

TEST(a_backup_is_a_whole_store_in_one_private_file)
{
    struct store_kit *kit = *state;
    struct wish wish = wish_for(kit, "copy.db");
    struct stat found;
    char other[160];
    for (int64_t i = 0; i < 500; i++)
        assert_int_equal(store_kit_put_one(kit, "7", i), 0);
    assert_int_equal(store_kit_ask(kit, back_up, &wish), 0);
    assert_int_equal(stat(wish.path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    snprintf(other, sizeof other, "%s.partial", wish.path);
    assert_int_equal(access(other, F_OK), -1);
    snprintf(other, sizeof other, "%s-wal", wish.path);
    assert_int_equal(access(other, F_OK), -1);
    open_copy(kit, &wish);
    assert_int_equal(store_kit_track(kit, "7"), 500);
    assert_int_equal(store_kit_check(kit), 0);
}

TEST(a_backup_is_another_store_so_that_cursors_from_after_it_do_not_pass_for_its_own)
{
    struct store_kit *kit = *state;
    struct wish wish = wish_for(kit, "copy.db");
    struct store_identity ours = *store_identity(kit->store);
    assert_int_equal(store_kit_ask(kit, back_up, &wish), 0);
    open_copy(kit, &wish);
    assert_memory_not_equal(store_identity(kit->store)->id, ours.id, sizeof ours.id);
}

TEST(a_backup_takes_no_name_that_is_taken)
{
    struct store_kit *kit = *state;
    struct wish wish = wish_for(kit, "copy.db");
    assert_int_equal(store_kit_ask(kit, back_up, &wish), 0);
    assert_int_equal(store_kit_ask(kit, back_up, &wish), ERR_INVALID);
    assert_non_null(strstr(wish.trouble.text, "there is a file of that name"));
    struct wish itself = wish_for(kit, "store.db");
    assert_int_equal(store_kit_ask(kit, back_up, &itself), ERR_INVALID);
}

TEST(a_backup_to_nowhere_says_so_and_the_store_is_well)
{
    struct store_kit *kit = *state;
    struct wish wish = {.path = "/nonexistent/copy.db"};
    assert_int_equal(store_kit_ask(kit, back_up, &wish), ERR_SYSTEM);
    assert_non_null(strstr(wish.trouble.text, "No such file or directory"));
    assert_int_equal(store_stats(kit->store).health, STORE_WELL);
    assert_int_equal(store_kit_put_one(kit, "7", 1), 0);
}

TEST(what_an_interrupted_backup_left_is_no_part_of_the_next)
{
    struct store_kit *kit = *state;
    struct wish wish = wish_for(kit, "copy.db");
    static const char *const suffixes[] = {".partial", ".partial-wal", ".partial-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char left[160];
        snprintf(left, sizeof left, "%s%s", wish.path, suffixes[i]);
        FILE *file = fopen(left, "wb");
        assert_non_null(file);
        assert_true(fputs("left behind", file) >= 0);
        fclose(file);
    }
    assert_int_equal(store_kit_put_one(kit, "7", 1), 0);
    assert_int_equal(store_kit_ask(kit, back_up, &wish), 0);
    open_copy(kit, &wish);
    assert_int_equal(store_kit_track(kit, "7"), 1);
}

struct racing_put {
    struct store_kit *kit;
    struct wish wish;
};

/* The read transaction began with the first read; what is stored from then on is not in the copy. */
static int put_and_back_up(struct store_reader *reader, void *context)
{
    struct racing_put *racing = context;
    struct runner_id id = runner_of("7");
    int err = store_read_newest(reader, &id, seen_keep, &racing->kit->seen);
    if (err > 0)
        err = store_kit_put_one(racing->kit, "7", 2);
    return err < 0 ? err : store_backup(reader, racing->wish.path, &racing->wish.trouble);
}

TEST(a_backup_is_of_one_moment_while_positions_are_stored)
{
    struct store_kit *kit = *state;
    struct racing_put racing = {kit, wish_for(kit, "copy.db")};
    assert_int_equal(store_kit_put_one(kit, "7", 1), 0);
    assert_int_equal(store_kit_ask(kit, put_and_back_up, &racing), 0);
    assert_int_equal(store_kit_track(kit, "7"), 2);
    open_copy(kit, &racing.wish);
    assert_int_equal(store_kit_track(kit, "7"), 1);
}
