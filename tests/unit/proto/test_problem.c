#include "proto/problem.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static struct problem speed_problem(struct fault *fault)
{
    fault_set(fault, FAULT_bad_position, "positions[1].\"speed\"");
    return (struct problem){.status = 400, .fault = fault, .index = 1};
}

TEST(a_problem_says_what_where_and_whom_it_is_about)
{
    struct fault fault;
    struct problem problem = speed_problem(&fault);
    struct runner_id ids[2];
    struct buf out = {0};
    assert_int_equal(runner_id_set(&ids[0], span_of_text("7")), 0);
    assert_int_equal(runner_id_set(&ids[1], span_of_text("ann")), 0);
    problem.ids = ids;
    problem.id_count = 2;
    assert_int_equal(problem_encode(&problem, &out), 0);
    assert_true(span_equals(
        buf_span(&out),
        span_of_text("{\"type\":\"/v1/problems/bad_position\",\"title\":\"a position is not on the "
                     "globe, at 0,0, or has a member that is out of range\",\"status\":400,"
                     "\"detail\":\"positions[1].\\\"speed\\\"\",\"code\":\"bad_position\","
                     "\"ids\":[7,\"ann\"],\"index\":1}")));
    buf_fini(&out);
}

TEST(without_memory_nothing_is_appended)
{
    struct fault fault;
    struct problem problem = speed_problem(&fault);
    struct buf out = {0};
    mem_fail_after(0);
    assert_int_equal(problem_encode(&problem, &out), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

TEST(each_fault_has_a_status_of_its_kind)
{
    for (unsigned code = 0; code < FAULT_COUNT; code++)
        assert_in_range(problem_status((enum fault_code)code), 400, 503);
    assert_int_equal(problem_status(FAULT_bad_json), 400);
    assert_int_equal(problem_status(FAULT_not_found), 404);
    assert_int_equal(problem_status(FAULT_not_stored), 503);
}
