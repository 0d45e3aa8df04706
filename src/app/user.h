/*
 * user: give up privileges once what needs them is done.
 */
#ifndef SPECTATE_APP_USER_H
#define SPECTATE_APP_USER_H

/*
 * Become this user, with its groups and nothing else, for good: also what the process starts can't win back more. Before there
 * are other threads. 0; ERR_NOT_FOUND: there is no such user; ERR_SYSTEM with errno: not permitted, for one.
 */
int user_become(const char *name);

#endif
