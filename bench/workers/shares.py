"""shares: threads of one process held to so much of a core each, by control groups of Linux, of version 1 or 2."""
import contextlib
import os
import pathlib
import time

PERIOD_US = 10000
LEAST_QUOTA_US = 1000  # what the kernel takes
SECONDS_TO_EMPTY = 2


def quota(percent):
    """(microseconds of CPU, in how many)"""
    period_us = max(PERIOD_US, -(-LEAST_QUOTA_US * 100 // percent))
    return period_us * percent // 100, period_us


def mounts(kind):
    """[(path, options)]"""
    fields = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    return [(pathlib.Path(it[1]), it[3].split(",")) for it in fields if it[2] == kind]


def own_group(controller):
    """The path of this process within a hierarchy; "" is that of version 2."""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path.lstrip("/")
    return ""


def remove(folder):
    """A group can be removed when its last thread is gone for good."""
    end = time.monotonic() + SECONDS_TO_EMPTY
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def put_back(members, number):
    """It may have ended by now."""
    with contextlib.suppress(ProcessLookupError):
        members.write_text(str(number))


class Version1:
    """A group per thread in the hierarchy of the controller `cpu`."""

    def __init__(self, mount):
        self.base = mount / own_group("cpu")

    @contextlib.contextmanager
    def holding(self, pid, threads, percent):
        quota_us, period_us = quota(percent)
        groups = [self.base / f"spectate-bench-{pid}-{thread}" for thread in threads]
        with contextlib.ExitStack() as stack:
            for group, thread in zip(groups, threads):
                group.mkdir()
                stack.callback(remove, group)
                stack.callback(put_back, self.base / "tasks", thread)
                (group / "cpu.cfs_period_us").write_text(str(period_us))
                (group / "cpu.cfs_quota_us").write_text(str(quota_us))
                (group / "tasks").write_text(str(thread))
            yield


class Version2:
    """A group for the process, and in it a threaded one for each thread."""

    def __init__(self, mount):
        self.base = mount / own_group("")

    @contextlib.contextmanager
    def holding(self, pid, threads, percent):
        quota_us, period_us = quota(percent)
        whole = self.base / f"spectate-bench-{pid}"
        with contextlib.ExitStack() as stack:
            whole.mkdir()
            stack.callback(remove, whole)
            for thread in threads:
                group = whole / str(thread)
                group.mkdir()
                stack.callback(remove, group)
                (group / "cgroup.type").write_text("threaded")
            stack.callback(put_back, self.base / "cgroup.procs", pid)
            (whole / "cgroup.procs").write_text(str(pid))
            (whole / "cgroup.subtree_control").write_text("+cpu")
            for thread in threads:
                (whole / str(thread) / "cpu.max").write_text(f"{quota_us} {period_us}")
                (whole / str(thread) / "cgroup.threads").write_text(str(thread))
            yield


def works(groups):
    """Tried on a thread of this process: its main one. None, or why not."""
    try:
        with groups.holding(os.getpid(), [os.getpid()], 50):
            return None
    except OSError as fault:
        return f"{groups.base}: {fault.strerror}"


def find():
    """(the groups that can be made here, None), or (None, why not)"""
    if not pathlib.Path("/proc/self/cgroup").exists():
        return None, "this system has no control groups"
    found = [Version1(path) for path, options in mounts("cgroup") if "cpu" in options]
    found += [Version2(path) for path, _ in mounts("cgroup2")]
    reasons = []
    for groups in found:
        why = works(groups)
        if why is None:
            return groups, None
        reasons.append(why)
    return None, "; ".join(reasons) or "no control groups are mounted"
