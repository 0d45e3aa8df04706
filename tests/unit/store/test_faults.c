#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "tests/lib/faulty_vfs.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

static const struct faulty_plan all_is_well;
static FILE *nowhere;

static int set_up(void **state)
{
    struct store_kit *kit = store_kit_new();
    *state = kit;
    faulty_vfs_register();
    faulty_vfs_plan(&all_is_well);
    kit->options.vfs = FAULTY_VFS;
    nowhere = fopen("/dev/null", "w");
    log_open(nowhere, LOG_TEXT);
    return 0;
}

static int tear_down(void **state)
{
    faulty_vfs_plan(&all_is_well);
    store_kit_free(*state);
    log_open(stderr, LOG_TEXT);
    return fclose(nowhere);
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

/* --- one fault, anywhere -------------------------------------------------------------------------------------------- */

enum { ROUNDS = 6, PER_ROUND = 5 };

/* What was acknowledged of one scenario. */
struct outcome {
    bool is_stored[ROUNDS];
    bool was_refused;
};

static int set_name(struct store_writer *writer, void *context)
{
    struct store_runner runner = {.id = runner_of("7"), .name = span_of_text("Ann")};
    (void)context;
    return store_set_runner(writer, &runner);
}

static int put_round(struct store_kit *kit, int round)
{
    struct store_record records[PER_ROUND];
    for (int i = 0; i < PER_ROUND; i++)
        records[i] = store_kit_record(kit, "7", round * PER_ROUND + i);
    return store_kit_put(kit, records, PER_ROUND);
}

/* Open, put, change, read, put, close, whatever fails. */
static void play(struct store_kit *kit, struct outcome *outcome)
{
    *outcome = (struct outcome){0};
    if (store_kit_open(kit) < 0) {
        outcome->was_refused = true;
        return;
    }
    for (int round = 0; round < ROUNDS; round++) {
        outcome->is_stored[round] = put_round(kit, round) == 0;
        if (!outcome->is_stored[round])
            outcome->was_refused = true;
        if (round == ROUNDS / 2) {
            store_kit_change(kit, set_name, NULL);
            store_kit_track(kit, "7");
        }
    }
    store_kit_close(kit);
}

static bool is_in_track(const struct seen *seen, int64_t time_ms)
{
    for (size_t i = 0; i < seen->count; i++)
        if (seen->records[i].position.time_ms == time_ms)
            return true;
    return false;
}

static void assert_nothing_acknowledged_is_missing(struct store_kit *kit,
                                                   const struct outcome *outcome)
{
    assert_true(store_kit_track(kit, "7") >= 0);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; outcome->is_stored[round] && i < PER_ROUND; i++)
            assert_true(is_in_track(&kit->seen, round * PER_ROUND + i));
    assert_int_equal(store_kit_check(kit), 0);
}

static void remove_store(struct store_kit *kit)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", kit->path, suffixes[i]);
        unlink(path);
    }
}

/* Once for each operation of the scenario, until one is reached that the scenario has not. */
static void fail_each(struct store_kit *kit, unsigned operations, uint64_t count, int code)
{
    uint64_t failed;
    uint64_t first = 0;
    do {
        struct faulty_plan plan = {operations, ++first, count, code};
        struct outcome outcome;
        remove_store(kit);
        faulty_vfs_plan(&plan);
        play(kit, &outcome);
        failed = faulty_vfs_failed();
        faulty_vfs_plan(&all_is_well);
        store_kit_reopen(kit);
        assert_nothing_acknowledged_is_missing(kit, &outcome);
        assert_int_equal(put_round(kit, ROUNDS), 0);
        store_kit_close(kit);
    } while (failed > 0);
    assert_true(first > 20);
}

TEST(whichever_write_or_sync_fails_once_nothing_acknowledged_is_missing_and_it_goes_on)
{
    fail_each(*state, FAULTY_WRITE | FAULTY_SYNC, 1, SQLITE_IOERR_WRITE);
}

TEST(whichever_opening_or_removal_fails_once_nothing_acknowledged_is_missing)
{
    fail_each(*state, FAULTY_CHANGES, 1, SQLITE_IOERR);
}

TEST(from_whichever_write_the_disk_is_full_for_a_while_nothing_acknowledged_is_missing)
{
    fail_each(*state, FAULTY_WRITE, 4, SQLITE_FULL);
}

TEST(from_whichever_operation_the_disk_is_gone_for_good_nothing_acknowledged_is_missing)
{
    fail_each(*state, FAULTY_CHANGES, UINT64_MAX, SQLITE_IOERR_WRITE);
}

TEST(whichever_read_fails_once_nothing_acknowledged_is_missing_and_it_goes_on)
{
    fail_each(*state, FAULTY_READ, 1, SQLITE_IOERR_READ);
}

/* --- a full disk ---------------------------------------------------------------------------------------------------- */

static int ask_whole(struct store_reader *reader, void *cursor)
{
    return store_is_whole_since(reader, cursor);
}

TEST(a_full_disk_is_told_to_those_who_put_and_all_is_well_when_it_has_room_again)
{
    struct store_kit *kit = *state;
    struct faulty_plan full = {FAULTY_WRITE, 1, UINT64_MAX, SQLITE_FULL};
    store_kit_reopen(kit);
    assert_int_equal(put_round(kit, 0), 0);
    faulty_vfs_plan(&full);
    for (int round = 1; round < 4; round++)
        assert_int_equal(put_round(kit, round), ERR_SYSTEM);
    struct store_stats stats = store_stats(kit->store);
    assert_int_equal(stats.health, STORE_DISK_FULL);
    assert_int_equal(stats.stored, PER_ROUND);
    assert_int_equal(stats.refused, 3 * PER_ROUND);
    assert_int_equal(stats.lost, 3 * PER_ROUND);
    assert_int_equal(stats.failures, 3);
    assert_int_equal(store_kit_track(kit, "7"), PER_ROUND);
    faulty_vfs_plan(&all_is_well);
    assert_int_equal(put_round(kit, 1), 0);
    assert_int_equal(store_stats(kit->store).health, STORE_WELL);
    assert_int_equal(store_kit_track(kit, "7"), 2 * PER_ROUND);
}

TEST(a_resume_from_before_what_the_disk_refused_is_not_whole_also_after_a_restart)
{
    struct store_kit *kit = *state;
    struct faulty_plan full = {FAULTY_WRITE, 1, UINT64_MAX, SQLITE_FULL};
    struct cursor before = {.boot = 1, .origins = 1, .applied = {PER_ROUND}};
    struct cursor behind = {.boot = 1, .origins = 1, .applied = {2 * PER_ROUND}};
    store_kit_reopen(kit);
    memcpy(before.identity, store_identity(kit->store)->id, sizeof before.identity);
    memcpy(behind.identity, store_identity(kit->store)->id, sizeof behind.identity);
    assert_int_equal(put_round(kit, 0), 0);
    faulty_vfs_plan(&full);
    assert_int_equal(put_round(kit, 1), ERR_SYSTEM);
    assert_int_equal(store_kit_ask(kit, ask_whole, &before), 0);
    assert_int_equal(store_kit_ask(kit, ask_whole, &behind), 1);
    faulty_vfs_plan(&all_is_well);
    store_kit_reopen(kit);
    assert_int_equal(store_kit_ask(kit, ask_whole, &before), 0);
    assert_int_equal(store_kit_ask(kit, ask_whole, &behind), 1);
}

/* --- others that hold the file -------------------------------------------------------------------------------------- */

static sqlite3 *hold_file(struct store_kit *kit)
{
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(kit->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return other;
}

TEST(a_file_that_another_process_holds_for_too_long_is_told_and_reads_go_on)
{
    struct store_kit *kit = *state;
    kit->options.busy_ms = 1;
    store_kit_reopen(kit);
    assert_int_equal(put_round(kit, 0), 0);
    sqlite3 *other = hold_file(kit);
    assert_int_equal(put_round(kit, 1), ERR_SYSTEM);
    assert_int_equal(store_stats(kit->store).health, STORE_BUSY);
    assert_int_equal(store_kit_track(kit, "7"), PER_ROUND);
    sqlite3_close(other);
    assert_int_equal(put_round(kit, 1), 0);
    assert_int_equal(store_stats(kit->store).health, STORE_WELL);
}

/* --- damage --------------------------------------------------------------------------------------------------------- */

static void damage(const char *path, long from)
{
    struct stat found;
    char bytes[4096];
    assert_int_equal(stat(path, &found), 0);
    memset(bytes, 0xa5, sizeof bytes);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (long at = from; at < found.st_size; at += (long)sizeof bytes)
        assert_int_equal(pwrite(fd, bytes, sizeof bytes, at), sizeof bytes);
    close(fd);
}

TEST(damage_behind_the_first_pages_is_told_by_what_meets_it_and_stays_told)
{
    struct store_kit *kit = *state;
    store_kit_reopen(kit);
    for (int round = 0; round < ROUNDS; round++)
        assert_int_equal(put_round(kit, round), 0);
    store_kit_close(kit);
    /* Pages 1 to 3 hold the schema, the identity and the boot. */
    damage(kit->path, 3 * 4096);
    store_kit_reopen(kit);
    assert_int_equal(store_kit_newest(kit), ERR_FORMAT);
    assert_int_equal(store_kit_track(kit, "7"), ERR_FORMAT);
    assert_int_equal(put_round(kit, 0), ERR_FORMAT);
    assert_int_equal(store_kit_check(kit), ERR_FORMAT);
    assert_int_equal(store_stats(kit->store).health, STORE_DAMAGED);
}

TEST(a_file_that_was_exchanged_while_it_was_open_is_not_written_to)
{
    struct store_kit *kit = *state;
    struct faulty_plan once = {FAULTY_WRITE, 1, 1, SQLITE_IOERR_WRITE};
    store_kit_reopen(kit);
    assert_int_equal(put_round(kit, 0), 0);
    remove_store(kit);
    struct store *other = NULL;
    assert_int_equal(store_open(&kit->options, &other, &kit->trouble), 0);
    store_close(&other);
    faulty_vfs_plan(&once);
    assert_int_equal(put_round(kit, 1), ERR_SYSTEM);
    assert_int_equal(put_round(kit, 2), ERR_FORMAT);
    assert_int_equal(store_stats(kit->store).health, STORE_DAMAGED);
}

/* --- power cuts ----------------------------------------------------------------------------------------------------- */

static void copy_file(const char *from_folder, const char *name, const char *to_folder)
{
    char path[128];
    char bytes[4096];
    size_t len;
    snprintf(path, sizeof path, "%s/%s", from_folder, name);
    FILE *from = fopen(path, "rb");
    if (from == NULL)
        return;
    snprintf(path, sizeof path, "%s/%s", to_folder, name);
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    while ((len = fread(bytes, 1, sizeof bytes, from)) > 0)
        assert_int_equal(fwrite(bytes, 1, len, to), len);
    fclose(from);
    fclose(to);
}

/* A machine that starts again with what was synced, and nothing else. */
static void assert_synced_holds(const char *synced, int rounds)
{
    struct store_kit *kit = store_kit_new();
    copy_file(synced, "store.db", kit->folder);
    copy_file(synced, "store.db-wal", kit->folder);
    store_kit_reopen(kit);
    assert_int_equal(store_kit_track(kit, "7"), rounds * PER_ROUND);
    store_kit_free(kit);
}

TEST(what_was_acknowledged_is_there_when_nothing_is_left_but_what_was_synced)
{
    struct store_kit *kit = *state;
    struct store_kit *synced = store_kit_new();
    faulty_vfs_keep_synced(synced->folder);
    store_kit_reopen(kit);
    for (int round = 0; round < ROUNDS; round++) {
        assert_int_equal(put_round(kit, round), 0);
        assert_synced_holds(synced->folder, round + 1);
    }
    store_kit_close(kit);
    faulty_vfs_keep_synced(NULL);
    assert_synced_holds(synced->folder, ROUNDS);
    store_kit_free(synced);
}
