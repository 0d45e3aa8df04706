/*
 * thread: what a thread is called, for those who look at the process from outside: `top -H`, a debugger, a profiler.
 */
#ifndef SPECTATE_BASE_THREAD_H
#define SPECTATE_BASE_THREAD_H

#define THREAD_NAME_BYTES 16 /* with the NUL: as Linux has it */

/* Of the calling thread. What is too long is cut; where the system has no names for threads nothing happens. */
void thread_set_name(const char *name);

#endif
