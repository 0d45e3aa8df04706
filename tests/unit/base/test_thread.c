#include "base/thread.h"

#include <pthread.h>

#include "tests/lib/test.h"

#ifdef __linux__
static void *name_and_read_back(void *name)
{
    static char found[THREAD_NAME_BYTES];
    thread_set_name(name);
    assert_int_equal(pthread_getname_np(pthread_self(), found, sizeof found), 0);
    return found;
}

static const char *name_of_a_thread_called(char *name)
{
    pthread_t thread;
    void *found;
    assert_int_equal(pthread_create(&thread, NULL, name_and_read_back, name), 0);
    assert_int_equal(pthread_join(thread, &found), 0);
    return found;
}

TEST(a_thread_is_called_what_it_was_named)
{
    assert_string_equal(name_of_a_thread_called((char[]){"worker-1"}), "worker-1");
}

TEST(a_name_that_is_too_long_is_cut)
{
    assert_string_equal(name_of_a_thread_called((char[]){"a name of more than 15"}),
                        "a name of more ");
}
#else
TEST(a_thread_may_be_named)
{
    thread_set_name("worker-1");
}
#endif
