#include "codec/ws_message.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static struct ws_piece piece(enum ws_opcode opcode, const char *text, bool first, bool last)
{
    return (struct ws_piece){
        .opcode = opcode, .payload = span_of_text(text), .first = first, .last = last};
}

static void expect_more(struct ws_gather *gather, struct ws_piece added)
{
    struct span message;
    assert_int_equal(ws_gather_add(gather, &added, &message), 0);
}

static void expect_message(struct ws_gather *gather, struct ws_piece added, const char *text)
{
    struct span message = {0};
    assert_int_equal(ws_gather_add(gather, &added, &message), 1);
    assert_true(span_equals(message, span_of_text(text)));
}

TEST(a_message_of_one_piece_is_handed_on_as_it_lies_and_costs_no_memory)
{
    struct ws_gather gather = {0};
    struct ws_piece whole = piece(WS_TEXT, "hello", true, true);
    struct span message;
    mem_fail_after(0);
    assert_int_equal(ws_gather_add(&gather, &whole, &message), 1);
    mem_fail_after(-1);
    assert_ptr_equal(message.data, whole.payload.data);
    assert_int_equal(ws_gather_bytes(&gather), 0);
    assert_null(gather.parts);
}

TEST(pieces_are_put_together_and_the_memory_is_given_back_when_the_message_is_done)
{
    struct ws_gather gather = {0};
    expect_more(&gather, piece(WS_TEXT, "one ", true, false));
    expect_more(&gather, piece(WS_TEXT, "two ", false, false));
    assert_true(ws_gather_bytes(&gather) > 0);
    expect_message(&gather, piece(WS_TEXT, "three", false, true), "one two three");
    ws_gather_done(&gather);
    assert_null(gather.parts);
    assert_int_equal(ws_gather_bytes(&gather), 0);
}

TEST(a_message_that_nobody_called_done_is_freed_at_the_next_piece)
{
    struct ws_gather gather = {0};
    expect_more(&gather, piece(WS_TEXT, "a", true, false));
    expect_message(&gather, piece(WS_TEXT, "b", false, true), "ab");
    expect_message(&gather, piece(WS_TEXT, "c", true, true), "c");
    assert_null(gather.parts);
}

TEST(a_control_frame_in_pieces_between_the_pieces_of_a_message_disturbs_nothing)
{
    struct ws_gather gather = {0};
    expect_more(&gather, piece(WS_BINARY, "da", true, false));
    expect_more(&gather, piece(WS_PING, "p", true, false));
    expect_message(&gather, piece(WS_PING, "ing", false, true), "ping");
    expect_message(&gather, piece(WS_PONG, "pong", true, true), "pong");
    expect_message(&gather, piece(WS_BINARY, "ta", false, true), "data");
    ws_gather_done(&gather);
    assert_null(gather.parts);
}

TEST(done_with_a_control_frame_leaves_the_message_in_the_middle)
{
    struct ws_gather gather = {0};
    expect_more(&gather, piece(WS_TEXT, "da", true, false));
    expect_more(&gather, piece(WS_CLOSE, "\x03", true, false));
    expect_message(&gather, piece(WS_CLOSE, "\xe8", false, true), "\x03\xe8");
    ws_gather_done(&gather);
    ws_gather_done(&gather);
    expect_message(&gather, piece(WS_TEXT, "ta", false, true), "data");
    ws_gather_fini(&gather);
    assert_null(gather.parts);
}

TEST(empty_pieces_cost_nothing_wherever_they_stand)
{
    struct ws_gather gather = {0};
    expect_more(&gather, piece(WS_TEXT, "", true, false));
    assert_null(gather.parts);
    expect_message(&gather, piece(WS_TEXT, "all of it", false, true), "all of it");
    assert_null(gather.parts);
    expect_more(&gather, piece(WS_TEXT, "some", true, false));
    expect_more(&gather, piece(WS_TEXT, "", false, false));
    expect_message(&gather, piece(WS_TEXT, "", false, true), "some");
    expect_more(&gather, piece(WS_TEXT, "", true, false));
    expect_message(&gather, piece(WS_TEXT, "", false, true), "");
    assert_null(gather.parts);
}

TEST(memory_grows_with_what_has_arrived)
{
    struct ws_gather gather = {0};
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    for (size_t sent = 1000; sent <= 300000; sent += 1000) {
        expect_more(&gather, piece(WS_TEXT, text, sent == 1000, false));
        assert_true(ws_gather_bytes(&gather) >= sent);
        assert_true(ws_gather_bytes(&gather) <= sent + sent / 2 + 256);
    }
    ws_gather_fini(&gather);
    assert_int_equal(ws_gather_bytes(&gather), 0);
}

TEST(without_memory_the_piece_is_not_added_and_what_was_gathered_stays)
{
    for (long successes = 0; successes < 2; successes++) {
        struct ws_gather gather = {0};
        struct ws_piece first = piece(WS_TEXT, "one ", true, false);
        struct span message;
        mem_fail_after(successes);
        assert_int_equal(ws_gather_add(&gather, &first, &message), ERR_NO_MEMORY);
        mem_fail_after(-1);
        assert_null(gather.parts);
        expect_more(&gather, first);

        static char text[1001];
        memset(text, 'x', 1000);
        struct ws_piece last = piece(WS_TEXT, text, false, true);
        mem_fail_after(0);
        assert_int_equal(ws_gather_add(&gather, &last, &message), ERR_NO_MEMORY);
        mem_fail_after(-1);
        assert_int_equal(ws_gather_add(&gather, &last, &message), 1);
        assert_int_equal(message.len, 1004);
        assert_memory_equal(message.data, "one xxx", 7);
        ws_gather_fini(&gather);
    }
}
