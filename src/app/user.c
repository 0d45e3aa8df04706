#include "app/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/err.h"

static int forbid_new_privileges(void)
{
#ifdef __linux__
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#else
    return 0;
#endif
}

/* Groups first: afterwards it may not any more. */
int user_become(const char *name)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return errno == 0 ? ERR_NOT_FOUND : ERR_SYSTEM;
    bool is_it_already = getuid() == user->pw_uid && geteuid() == user->pw_uid;
    if (!is_it_already && (initgroups(name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
                           setuid(user->pw_uid) != 0))
        return ERR_SYSTEM;
    if (user->pw_uid != 0 && setuid(0) == 0) {
        errno = EPERM;
        return ERR_SYSTEM;
    }
    return forbid_new_privileges() == 0 ? 0 : ERR_SYSTEM;
}
