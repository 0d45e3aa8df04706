/*
 * The tables of failures, faults and close reasons: each entry has its text, and nothing is in them twice.
 */
#include <ctype.h>
#include <string.h>

#include "base/close_reason.h"
#include "base/err.h"
#include "base/fault.h"
#include "tests/lib/test.h"

/* A metric's label and a client's code: letters, digits and underscores. */
static void expect_word(const char *name)
{
    assert_true(strlen(name) > 0);
    for (; *name != '\0'; name++)
        assert_true(islower((unsigned char)*name) || isdigit((unsigned char)*name) || *name == '_');
}

TEST(each_fault_has_a_word_of_its_own_and_a_meaning)
{
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        expect_word(fault_name((enum fault_code)i));
        assert_true(strlen(fault_text((enum fault_code)i)) > 0);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(fault_name((enum fault_code)i), fault_name((enum fault_code)j));
    }
}

TEST(a_fault_tells_its_code_as_clients_match_it)
{
    assert_string_equal(fault_name(FAULT_bad_json), "bad_json");
    assert_string_equal(fault_name(FAULT_out_of_memory), "out_of_memory");
}

TEST(a_fault_carries_what_and_where)
{
    struct fault fault;
    fault_set(&fault, FAULT_wrong_type, "following[%d]: expected %s", 3, "an id");
    assert_int_equal(fault.code, FAULT_wrong_type);
    assert_string_equal(fault.message, "following[3]: expected an id");
}

TEST(a_fault_that_is_too_long_is_cut)
{
    struct fault fault;
    fault_set(&fault, FAULT_bad_json, "%0500d", 1);
    assert_int_equal(strlen(fault.message), FAULT_MESSAGE_BYTES - 1);
}

TEST(each_close_reason_has_a_word_of_its_own_and_a_text_that_fits_a_close_frame)
{
    for (unsigned i = 0; i < CLOSE_REASON_COUNT; i++) {
        expect_word(close_reason_name((enum close_reason)i));
        size_t len = strlen(close_reason_text((enum close_reason)i));
        assert_in_range(len, 1, 123);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(close_reason_name((enum close_reason)i),
                                    close_reason_name((enum close_reason)j));
    }
}

/*
 * RFC 6455 section 7.4.2: 1000 to 2999 are the protocol's, and 1004 to 1006 never on the wire; 1013 is registered with IANA; 4000
 * to 4999 are an application's own.
 */
TEST(each_close_code_may_be_on_the_wire)
{
    for (unsigned i = 0; i < CLOSE_REASON_COUNT; i++) {
        uint16_t code = close_reason_websocket_code((enum close_reason)i);
        assert_true(code == 0 || (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) ||
                    code == 1013 || (code >= 4000 && code <= 4999));
    }
}

TEST(close_codes_say_what_clients_act_on)
{
    assert_int_equal(close_reason_websocket_code(CLOSE_shutdown), 1001);
    assert_int_equal(close_reason_websocket_code(CLOSE_bad_frame), 1002);
    assert_int_equal(close_reason_websocket_code(CLOSE_bad_utf8), 1007);
    assert_int_equal(close_reason_websocket_code(CLOSE_too_many_faults), 1008);
    assert_int_equal(close_reason_websocket_code(CLOSE_message_too_big), 1009);
    assert_int_equal(close_reason_websocket_code(CLOSE_client_gone), 0);
}

TEST(each_failure_is_negative_and_has_a_text)
{
    static const int all[] = {
#define ERR(name, text) ERR_##name,
#include "base/err.def"
#undef ERR
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_true(all[i] < 0);
        assert_string_not_equal(err_text(all[i]), err_text(0));
        assert_string_not_equal(err_text(all[i]), err_text(-1000));
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(all[i], all[j]);
    }
}

TEST(success_is_zero_or_more)
{
    assert_string_equal(err_text(0), "success");
    assert_string_equal(err_text(17), "success");
    assert_string_equal(err_text(-1000), "unknown failure");
}
