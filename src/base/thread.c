#include "base/thread.h"

#include <pthread.h>
#include <stdio.h>

void thread_set_name(const char *name)
{
    char fitting[THREAD_NAME_BYTES];
    snprintf(fitting, sizeof fitting, "%s", name);
#if defined(__linux__)
    pthread_setname_np(pthread_self(), fitting);
#elif defined(__APPLE__)
    pthread_setname_np(fitting);
#endif
}
