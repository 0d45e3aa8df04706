#include "store/change.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "tests/lib/same.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

TEST_SETUP(store_kit_set_up);
TEST_TEARDOWN(store_kit_tear_down);

/* --- what is known of runners, as text ------------------------------------------------------------------------------ */

struct list {
    struct store_runners wish;
    struct buf text; /* "id name bib colour [group group];" for each */
    size_t enough;
    size_t count;
};

static void say(struct buf *text, struct span what)
{
    assert_int_equal(buf_printf(text, "%.*s", (int)what.len, (const char *)what.data), 0);
}

static bool list_runner(void *context, const struct store_runner *runner)
{
    struct list *list = context;
    const struct span parts[] = {span_of(runner->id.text, runner->id.len), runner->name,
                                 runner->bib, runner->colour};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        say(&list->text, parts[i]);
        say(&list->text, span_of_text(" "));
    }
    for (size_t i = 0; i < runner->group_count; i++) {
        say(&list->text, span_of_text(i == 0 ? "[" : " "));
        say(&list->text, runner->groups[i]);
    }
    say(&list->text, span_of_text(runner->group_count > 0 ? "];" : ";"));
    return ++list->count != list->enough;
}

static int read_list(struct store_reader *reader, void *context)
{
    struct list *list = context;
    return store_read_runners(reader, &list->wish, list_runner, list);
}

static int read_runner(struct store_reader *reader, void *context)
{
    struct list *list = context;
    return store_read_runner(reader, &list->wish.after, list_runner, list);
}

static void assert_list(struct store_kit *kit, struct store_runners wish, const char *expected)
{
    struct list list = {.wish = wish};
    int count = store_kit_ask(kit, read_list, &list);
    assert_int_equal(count, list.count);
    assert_int_equal(list.text.len, strlen(expected));
    assert_memory_equal(list.text.data, expected, list.text.len);
    buf_fini(&list.text);
}

static int set_runner(struct store_writer *writer, void *runner)
{
    return store_set_runner(writer, runner);
}

static int set(struct store_kit *kit, const char *id, const char *name, const char *const *groups)
{
    struct span texts[STORE_GROUPS_MAX + 1];
    struct store_runner runner = {.id = runner_of(id),
                                  .name = span_of_text(name),
                                  .bib = span_of_text("12"),
                                  .groups = texts};
    while (groups[runner.group_count] != NULL) {
        texts[runner.group_count] = span_of_text(groups[runner.group_count]);
        runner.group_count++;
    }
    return store_kit_change(kit, set_runner, &runner);
}

static const char *const no_groups[] = {NULL};
static const char *const red[] = {"red", NULL};
static const char *const red_and_blue[] = {"red", "blue", "red", NULL};
static const struct store_runners everybody = {.limit = 100};

TEST(what_is_known_of_a_runner_is_kept_and_replaced_whole)
{
    struct store_kit *kit = *state;
    assert_int_equal(set(kit, "7", "Ann", red_and_blue), 0);
    store_kit_reopen(kit);
    assert_list(kit, everybody, "7 Ann 12  [blue red];");
    assert_int_equal(set(kit, "7", "Bea", no_groups), 0);
    assert_list(kit, everybody, "7 Bea 12  ;");
}

TEST(groups_that_are_not_said_stay_as_they_are)
{
    struct store_kit *kit = *state;
    struct store_runner runner = {.id = runner_of("7"), .group_count = STORE_GROUPS_STAY};
    assert_int_equal(set(kit, "7", "Ann", red), 0);
    runner.name = span_of_text("Bea");
    assert_int_equal(store_kit_change(kit, set_runner, &runner), 0);
    assert_list(kit, everybody, "7 Bea   [red];");
}

TEST(a_runner_with_positions_alone_is_known_by_its_id)
{
    struct store_kit *kit = *state;
    assert_int_equal(store_kit_put_one(kit, "7", 1), 0);
    assert_list(kit, everybody, "7    ;");
    assert_int_equal(set(kit, "7", "Ann", no_groups), 0);
    assert_list(kit, everybody, "7 Ann 12  ;");
    assert_int_equal(store_kit_track(kit, "7"), 1);
}

TEST(runners_come_in_pages_in_order_of_their_ids_all_or_those_of_a_group)
{
    struct store_kit *kit = *state;
    assert_int_equal(set(kit, "c", "C", red), 0);
    assert_int_equal(set(kit, "a", "A", red_and_blue), 0);
    assert_int_equal(set(kit, "b", "B", no_groups), 0);
    assert_list(kit, (struct store_runners){.limit = 2}, "a A 12  [blue red];b B 12  ;");
    assert_list(kit, (struct store_runners){.after = runner_of("b"), .limit = 2}, "c C 12  [red];");
    struct store_runners of_red = {.group = span_of_text("red"), .limit = 1};
    assert_list(kit, of_red, "a A 12  [blue red];");
    of_red.after = runner_of("a");
    assert_list(kit, of_red, "c C 12  [red];");
    of_red.after = runner_of("c");
    assert_list(kit, of_red, "");
}

TEST(one_runner_is_read_alone_and_a_stranger_is_not_there)
{
    struct store_kit *kit = *state;
    struct list list = {.wish.after = runner_of("7")};
    assert_int_equal(store_kit_ask(kit, read_runner, &list), 0);
    assert_int_equal(set(kit, "7", "Ann", red), 0);
    assert_int_equal(store_kit_ask(kit, read_runner, &list), 1);
    buf_fini(&list.text);
}

TEST(what_is_too_long_or_has_no_name_is_refused_and_nothing_changes)
{
    struct store_kit *kit = *state;
    char longest[STORE_TEXT_BYTES + 2];
    const char *many[STORE_GROUPS_MAX + 2] = {NULL};
    const char *const unnamed[] = {"red", "", NULL};
    const char *const too_long[] = {longest, NULL};
    memset(longest, 'x', sizeof longest);
    longest[STORE_TEXT_BYTES + 1] = '\0';
    for (size_t i = 0; i <= STORE_GROUPS_MAX; i++)
        many[i] = "red";
    assert_int_equal(set(kit, "7", longest, no_groups), ERR_TOO_BIG);
    assert_int_equal(set(kit, "7", "Ann", too_long), ERR_TOO_BIG);
    assert_int_equal(set(kit, "7", "Ann", many), ERR_TOO_BIG);
    assert_int_equal(set(kit, "7", "Ann", unnamed), ERR_INVALID);
    assert_list(kit, everybody, "");
    longest[STORE_TEXT_BYTES] = '\0';
    many[STORE_GROUPS_MAX] = NULL;
    assert_int_equal(set(kit, "7", longest, many), 0);
    assert_int_equal(store_stats(kit->store).failures, 0);
}

/* --- erasing a runner ----------------------------------------------------------------------------------------------- */

struct erasure {
    struct runner_id runner;
    struct store_erase_age age;
    uint64_t erased;
};

static int erase_runner(struct store_writer *writer, void *context)
{
    struct erasure *erasure = context;
    struct store_erasing erasing = {.runner = erasure->runner, .limit = 1000, .next_ms = INT64_MIN};
    int err = store_erase_runner(writer, &erasing);
    assert_true(err < 0 || erasing.is_over);
    erasure->erased = erasing.erased;
    return err;
}

static int erase_piece(struct store_writer *writer, void *context)
{
    return store_erase_runner(writer, context);
}

static void assert_piece(struct store_kit *kit, struct store_erasing *erasing, uint64_t erased,
                         bool is_over)
{
    assert_int_equal(store_kit_change(kit, erase_piece, erasing), 0);
    assert_int_equal(erasing->erased, erased);
    assert_int_equal(erasing->is_over, is_over);
}

static void assert_not_in_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return;
    static char bytes[1 << 20];
    size_t len = fread(bytes, 1, sizeof bytes, file);
    assert_true(len < sizeof bytes);
    assert_null(memmem(bytes, len, text, strlen(text)));
    fclose(file);
}

TEST(an_erased_runner_is_gone_from_the_tables_and_from_the_bytes_of_the_files)
{
    struct store_kit *kit = *state;
    struct erasure erasure = {.runner = runner_of("unmistakable-id")};
    char log[128];
    snprintf(log, sizeof log, "%s-wal", kit->path);
    for (int64_t i = 0; i < 100; i++) {
        assert_int_equal(store_kit_put_one(kit, "unmistakable-id", i), 0);
        assert_int_equal(store_kit_put_one(kit, "8", i), 0);
    }
    assert_int_equal(set(kit, "unmistakable-id", "Unmistakable Name", red), 0);
    assert_int_equal(store_kit_change(kit, erase_runner, &erasure), 0);
    assert_int_equal(erasure.erased, 100);
    assert_not_in_file(kit->path, "unmistakable-id");
    assert_not_in_file(kit->path, "Unmistakable Name");
    assert_not_in_file(log, "unmistakable-id");
    assert_not_in_file(log, "Unmistakable Name");
    assert_int_equal(store_kit_track(kit, "unmistakable-id"), 0);
    assert_int_equal(store_kit_track(kit, "8"), 100);
    assert_list(kit, everybody, "8    ;");
    assert_list(kit, (struct store_runners){.group = span_of_text("red"), .limit = 9}, "");
    assert_int_equal(store_kit_check(kit), 0);
    assert_int_equal(store_kit_change(kit, erase_runner, &erasure), ERR_NOT_FOUND);
}

TEST(a_runner_with_many_positions_is_erased_in_pieces)
{
    struct store_kit *kit = *state;
    struct store_erasing erasing = {.runner = runner_of("7"), .limit = 10, .next_ms = INT64_MIN};
    for (int64_t i = 1; i <= 25; i++)
        assert_int_equal(store_kit_put_one(kit, "7", i), 0);
    assert_int_equal(store_kit_put_one(kit, "8", 1), 0);
    assert_int_equal(set(kit, "7", "Name", red), 0);
    assert_piece(kit, &erasing, 10, false);
    assert_piece(kit, &erasing, 10, false);
    assert_int_equal(store_kit_track(kit, "7"), 5);
    assert_piece(kit, &erasing, 5, true);
    assert_list(kit, everybody, "8    ;");
    assert_int_equal(store_stats(kit->store).erased, 25);
}

TEST(who_comes_back_while_it_is_erased_has_what_came_since_and_no_name)
{
    struct store_kit *kit = *state;
    struct store_erasing erasing = {.runner = runner_of("7"), .limit = 10, .next_ms = INT64_MIN};
    for (int64_t i = 101; i <= 120; i++)
        assert_int_equal(store_kit_put_one(kit, "7", i), 0);
    assert_int_equal(set(kit, "7", "Name", red), 0);
    assert_piece(kit, &erasing, 10, false);
    assert_int_equal(store_kit_put_one(kit, "7", 1), 0);
    assert_piece(kit, &erasing, 10, true);
    assert_int_equal(store_kit_track(kit, "7"), 1);
    assert_list(kit, (struct store_runners){.group = span_of_text("red"), .limit = 9}, "");
    assert_list(kit, everybody, "7    ;");
}

struct erasure_while_reading {
    struct store_kit *kit;
    struct erasure erasure;
};

/* Whoever hears that this is done, knows that all before it has been tidied up. */
static int change_nothing(struct store_writer *writer, void *context)
{
    (void)writer;
    (void)context;
    return 0;
}

static int read_and_erase(struct store_reader *reader, void *context)
{
    struct erasure_while_reading *it = context;
    int err = store_read_newest(reader, &it->erasure.runner, seen_keep, &it->kit->seen);
    return err > 0 ? store_kit_change(it->kit, erase_runner, &it->erasure) : err;
}

TEST(a_reader_in_the_way_of_an_erasure_sees_what_it_saw_and_the_bytes_go_with_the_next)
{
    struct store_kit *kit = *state;
    struct erasure_while_reading it = {kit, {.runner = runner_of("unmistakable-id")}};
    struct erasure other = {.runner = runner_of("8")};
    char log[128];
    snprintf(log, sizeof log, "%s-wal", kit->path);
    assert_int_equal(store_kit_put_one(kit, "unmistakable-id", 1), 0);
    assert_int_equal(store_kit_put_one(kit, "8", 1), 0);
    assert_int_equal(store_kit_ask(kit, read_and_erase, &it), 0);
    assert_int_equal(it.erasure.erased, 1);
    assert_int_equal(store_kit_change(kit, erase_runner, &other), 0);
    assert_not_in_file(kit->path, "unmistakable-id");
    assert_not_in_file(log, "unmistakable-id");
    assert_int_equal(store_stats(kit->store).failures, 0);
}

TEST(the_bytes_that_a_reader_kept_go_from_the_log_when_others_are_stored_later)
{
    struct store_kit *kit = *state;
    struct erasure_while_reading it = {kit, {.runner = runner_of("unmistakable-id")}};
    char log[128];
    snprintf(log, sizeof log, "%s-wal", kit->path);
    assert_int_equal(store_kit_put_one(kit, "unmistakable-id", 1), 0);
    assert_int_equal(store_kit_ask(kit, read_and_erase, &it), 0);
    for (int64_t i = 1; i <= 64; i++)
        assert_int_equal(store_kit_put_one(kit, "8", i), 0);
    assert_int_equal(store_kit_change(kit, change_nothing, NULL), 0);
    assert_not_in_file(log, "unmistakable-id");
    assert_not_in_file(kit->path, "unmistakable-id");
}

TEST(an_erased_runner_may_come_back_with_nothing_of_the_old)
{
    struct store_kit *kit = *state;
    struct erasure erasure = {.runner = runner_of("7")};
    assert_int_equal(store_kit_put_one(kit, "7", 1), 0);
    assert_int_equal(store_kit_change(kit, erase_runner, &erasure), 0);
    assert_int_equal(store_kit_put_one(kit, "8", 2), 0);
    assert_int_equal(store_kit_put_one(kit, "7", 3), 0);
    assert_int_equal(store_kit_track(kit, "7"), 1);
    assert_int_equal(store_kit_track(kit, "8"), 1);
}

/* --- erasing by age ------------------------------------------------------------------------------------------------- */

static int erase_before(struct store_writer *writer, void *context)
{
    struct erasure *erasure = context;
    return store_erase_before(writer, &erasure->age, &erasure->erased);
}

static uint64_t erase(struct store_kit *kit, struct store_erase_age age)
{
    struct erasure erasure = {.age = age};
    assert_int_equal(store_kit_change(kit, erase_before, &erasure), 0);
    return erasure.erased;
}

static void put_each(struct store_kit *kit, int64_t count)
{
    static const char *const runners[] = {"a", "b", "c"};
    for (int64_t i = 0; i < count; i++)
        for (size_t r = 0; r < 3; r++)
            assert_int_equal(store_kit_put_one(kit, runners[r], i * 100), 0);
}

TEST(what_is_older_than_the_time_goes_and_what_is_not_stays)
{
    struct store_kit *kit = *state;
    put_each(kit, 10);
    assert_int_equal(erase(kit, (struct store_erase_age){.before_ms = 300, .limit = 100}), 9);
    assert_int_equal(store_kit_track(kit, "b"), 7);
    assert_int_equal(kit->seen.records[0].position.time_ms, 300);
    assert_int_equal(erase(kit, (struct store_erase_age){.before_ms = 300, .limit = 100}), 0);
    assert_int_equal(erase(kit, (struct store_erase_age){.before_ms = INT64_MIN, .limit = 9}), 0);
}

TEST(erasing_goes_in_steps_of_so_many)
{
    struct store_kit *kit = *state;
    struct store_erase_age age = {.before_ms = 2000, .limit = 13};
    put_each(kit, 10);
    assert_int_equal(erase(kit, age), 13);
    assert_int_equal(store_kit_track(kit, "b"), 7);
    assert_int_equal(erase(kit, age), 13);
    assert_int_equal(erase(kit, age), 4);
    assert_int_equal(erase(kit, age), 0);
}

TEST(a_runner_of_whom_nothing_else_is_known_goes_with_its_last_position)
{
    struct store_kit *kit = *state;
    put_each(kit, 2);
    assert_int_equal(set(kit, "b", "Bea", no_groups), 0);
    assert_int_equal(erase(kit, (struct store_erase_age){.before_ms = 2000, .limit = 100}), 6);
    assert_list(kit, everybody, "b Bea 12  ;");
    assert_int_equal(store_kit_check(kit), 0);
}

TEST(a_group_keeps_its_runners_longer_or_shorter_and_the_longest_counts)
{
    struct store_kit *kit = *state;
    struct store_erase_rule rules[] = {
        {span_of_text("red"), 600}, {span_of_text("blue"), 200}, {span_of_text("green"), 900}};
    put_each(kit, 10);
    assert_int_equal(set(kit, "a", "A", red_and_blue), 0);
    assert_int_equal(set(kit, "b", "B", red), 0);
    erase(kit, (struct store_erase_age){400, rules, 3, 100});
    assert_int_equal(store_kit_track(kit, "a"), 8);
    assert_int_equal(store_kit_track(kit, "b"), 4);
    assert_int_equal(store_kit_track(kit, "c"), 6);
}

TEST(what_is_to_be_erased_for_its_age_is_no_newest_position_at_the_start)
{
    struct store_kit *kit = *state;
    struct store_erase_rule rules[] = {{span_of_text("red"), 500}, {span_of_text("blue"), 200}};
    struct store_erase_age age = {.before_ms = 400, .rules = rules, .rule_count = 2};
    assert_int_equal(store_kit_put_one(kit, "a", 300), 0);
    assert_int_equal(store_kit_put_one(kit, "b", 499), 0);
    assert_int_equal(store_kit_put_one(kit, "c", 399), 0);
    assert_int_equal(store_kit_put_one(kit, "d", 400), 0);
    assert_int_equal(set(kit, "a", "A", red_and_blue), 0);
    assert_int_equal(set(kit, "b", "B", red), 0);
    kit->seen.count = 0;
    assert_int_equal(store_each_newest_within(kit->store, &age, seen_keep, &kit->seen), 0);
    assert_int_equal(kit->seen.count, 2);
    assert_string_equal(kit->seen.records[0].position.runner.text, "a");
    assert_string_equal(kit->seen.records[1].position.runner.text, "d");
}

static int erase_and_fail(struct store_writer *writer, void *context)
{
    int err = erase_runner(writer, context);
    return err < 0 ? err : ERR_INVALID;
}

TEST(what_was_erased_is_counted_and_what_was_undone_is_not)
{
    struct store_kit *kit = *state;
    put_each(kit, 10);
    erase(kit, (struct store_erase_age){.before_ms = 300, .limit = 100});
    assert_int_equal(store_stats(kit->store).erased, 9);
    struct erasure erasure = {.runner = runner_of("a")};
    assert_int_equal(store_kit_change(kit, erase_and_fail, &erasure), ERR_INVALID);
    assert_int_equal(store_stats(kit->store).erased, 9);
    assert_int_equal(store_kit_change(kit, erase_runner, &erasure), 0);
    assert_int_equal(store_stats(kit->store).erased, 16);
}

static int ask_whole(struct store_reader *reader, void *context)
{
    return store_is_whole_since(reader, context);
}

TEST(a_cursor_from_before_what_was_erased_by_age_is_not_whole)
{
    struct store_kit *kit = *state;
    struct cursor cursor = {.boot = 1, .origins = 1};
    memcpy(cursor.identity, store_identity(kit->store)->id, sizeof cursor.identity);
    put_each(kit, 4);
    struct store_record late = store_kit_record(kit, "a", 50);
    late.flags = STORE_LATE;
    assert_int_equal(store_kit_put(kit, &late, 1), 0);
    assert_int_equal(erase(kit, (struct store_erase_age){.before_ms = 200, .limit = 100}), 7);
    cursor.applied[0] = 5;
    assert_int_equal(store_kit_ask(kit, ask_whole, &cursor), 0);
    cursor.applied[0] = 6;
    assert_int_equal(store_kit_ask(kit, ask_whole, &cursor), 1);
}

/* --- jobs that change ----------------------------------------------------------------------------------------------- */

static int put_and_fail(struct store_writer *writer, void *record)
{
    int err = store_put_now(writer, record, 1);
    return err < 0 ? err : ERR_INVALID;
}

static int put_now(struct store_writer *writer, void *record)
{
    int err = store_put_now(writer, record, 1);
    return err < 0 ? err : 42;
}

TEST(a_change_that_fails_is_undone_whole_and_one_that_does_not_is_kept)
{
    struct store_kit *kit = *state;
    struct store_record record = store_kit_record(kit, "7", 1);
    assert_int_equal(store_kit_change(kit, put_and_fail, &record), ERR_INVALID);
    assert_int_equal(store_kit_track(kit, "7"), 0);
    assert_list(kit, everybody, "");
    assert_int_equal(store_kit_put_one(kit, "7", 2), 0);
    assert_int_equal(store_kit_change(kit, put_now, &record), 42);
    assert_int_equal(store_kit_track(kit, "7"), 2);
}
