"""scenarios: the loads, each as options of the load generator, and what of its account is looked at."""

# name: what it is, the options, what matters first (a key of MEASURES) and its name
# in the plot, how many rounds when not as many as asked for.
SCENARIOS = {
    "crowd": {
        "title": "A crowd follows a few",
        "what": "1000 followers of the same 10 runners, 40 positions a second in all.",
        "options": {"followers": 1000, "runners": 10, "draw": "same", "rate": 40},
        "plot": "CPU per delivery",
        "measure": "cpu",
    },
    "map": {
        "title": "The race map",
        "what": "200 followers of all 1000 runners. The rate rises to the highest at which nothing is missing and p99 is "
        "under 100 ms; the other columns are of a run at that rate.",
        "options": {"followers": 200, "runners": 1000, "draw": "same"},
        "whole_race": True,
        "search": {"low": 125, "high": 64000, "per_doubling": 3, "p99_ms": 100},
        "rounds": 1,
        "plot": "highest clean rate, ours ÷ theirs",
        "measure": "rate",
    },
    "fans": {
        "title": "Many positions to many",
        "what": "500 followers of the same 100 runners, 16,000 positions a second: 8 million deliveries in each.",
        "options": {"followers": 500, "runners": 100, "draw": "same", "rate": 16000, "duration": "3s"},
        "plot": "p99 at 8 million a second",
        "measure": "p99",
        "columns": ["deliveries", "cpu", "p50", "p99", "p999", "missing", "stale"],
    },
    "friends": {
        "title": "Everybody has friends of their own",
        "what": "4000 followers of 5 random runners each, of 1000; 2000 positions a second, each to 20 followers on average.",
        "options": {"followers": 4000, "runners": 1000, "follow": 5, "draw": "random", "rate": 2000},
        "plot": "CPU per delivery",
        "measure": "cpu",
    },
    "seed": {
        "title": "Everybody runs",
        "what": "2000 users, each of whom follows itself and the next, and publishes on the same connection; 5000 positions a "
        "second, each to 2 followers. Reading them is most of the work.",
        "options": {"followers": 2000, "users": True, "follow": 2, "draw": "next", "rate": 5000},
        "plot": "CPU per delivery",
        "measure": "cpu",
    },
    "stalled": {
        "title": "Some stop reading",
        "what": "300 followers of the same 10 runners, 150 positions a second; 50 of them read nothing after they have asked. "
        "All columns but memory are about the other 250.",
        "options": {"followers": 300, "runners": 10, "draw": "same", "rate": 150, "stalled": 50, "duration": "5s"},
        "plot": "p99 of those who read",
        "measure": "p99",
        "columns": ["cpu", "p50", "p99", "p999", "missing", "stale", "memory", "sockets"],
    },
    "burst": {
        "title": "One position to everybody",
        "what": "16,000 sessions follow one runner, who publishes once a second; 100 others follow one of 100 others each, who "
        "publish 200 positions a second in all. \"Last\" is from publishing to the last of the 16,000; p50 and p99 are the "
        "others'.",
        "options": {
            "followers": 16100, "runners": 101, "follow": 1, "draw": "apart", "rate": 200, "star-every": "1s", "duration": "4s",
        },
        "plot": "time to the last of 16,000",
        "measure": "last",
        "columns": ["last", "cpu", "p50", "p99", "p999", "missing", "stale"],
    },
    "storm": {
        "title": "Everybody comes at once",
        "what": "19,000 connections at 5000 a second, each then follows 5 of 100 runners. The time is from when a connection "
        "was due to the server's handshake.",
        "options": {
            "followers": 19000, "runners": 100, "follow": 5, "draw": "random", "rate": 0, "connect-rate": 5000,
            "connect-window": 100000, "warm-up": 0, "duration": 0,
        },
        "plot": "handshake p99",
        "measure": "shake99",
        "columns": ["shake50", "shake99", "cpu_connect", "failed"],
    },
    "tls": {
        "title": "The crowd over TLS",
        "what": "As `crowd`, over TLS 1.3, beside ours without it.",
        "options": {"followers": 1000, "runners": 10, "draw": "same", "rate": 40, "connect-rate": 1000, "connect-time": "60s"},
        "plot": "CPU per delivery over TLS",
        "measure": "cpu",
    },
    "idle-tls": {
        "title": "Nothing happens over TLS",
        "what": "2000 connections over TLS 1.3 that follow 5 of 1000 runners each; nobody publishes. As `idle`, beside ours "
        "without TLS.",
        "options": {
            "followers": 2000, "runners": 1000, "follow": 5, "draw": "random", "rate": 0, "warm-up": 0, "duration": "3s",
            "connect-rate": 1000, "connect-time": "60s",
        },
        "rounds": 1,
        "plot": "memory per TLS connection",
        "measure": "idle",
        "columns": ["idle", "cpu_connect", "failed"],
    },
    "idle": {
        "title": "Nothing happens",
        "what": "8000 connections that follow 5 of 1000 runners each; nobody publishes. Memory of the server's processes, and of "
        "the sockets in the kernel, per connection.",
        "options": {
            "followers": 8000, "runners": 1000, "follow": 5, "draw": "random", "rate": 0, "warm-up": 0, "duration": "1s",
        },
        "rounds": 1,
        "plot": "memory per connection",
        "measure": "idle",
        "columns": ["idle", "cpu_connect", "failed"],
    },
}

COLUMNS = ["cpu", "p50", "p99", "p999", "missing", "stale"]
SEARCH_COLUMNS = ["rate", "deliveries", "cpu", "p50", "p99", "p999"]


def per_connection(report, memory):
    return (report[memory]["end"] - report[memory]["before"]) / max(1, report["ready"])


def mib(report, memory):
    return max(0, report[memory]["end"] - report[memory]["before"]) / (1 << 20)


# key: heading, value in a report, how it is printed. Less is better but for the first two.
MEASURES = {
    "rate": ("positions/s in", lambda r: r["rate"], "{:.0f}"),
    "deliveries": ("deliveries/s", lambda r: r["received_per_s"], "{:.0f}"),
    "cpu": ("CPU per delivery, us", lambda r: r["server_cpu_us_per_delivery"], "{:.2f}"),
    "p50": ("p50, ms", lambda r: r["latency_ms"]["p50"], "{:.1f}"),
    "p99": ("p99, ms", lambda r: r["latency_ms"]["p99"], "{:.1f}"),
    "p999": ("p99.9, ms", lambda r: r["latency_ms"]["p999"], "{:.1f}"),
    "missing": ("missing", lambda r: r["missing"], "{:.0f}"),
    "stale": ("stale", lambda r: r["stale"], "{:.0f}"),
    "last": ("last, ms", lambda r: r["star_last_ms"]["p50"], "{:.1f}"),
    "shake50": ("handshake p50, ms", lambda r: r["handshake_ms"]["p50"], "{:.1f}"),
    "shake99": ("handshake p99, ms", lambda r: r["handshake_ms"]["p99"], "{:.1f}"),
    "cpu_connect": ("CPU per connection, us", lambda r: r["server_connect_cpu_s"] * 1e6 / max(1, r["ready"]), "{:.0f}"),
    "failed": ("failed", lambda r: r["failed"], "{:.0f}"),
    "idle": ("bytes per connection", lambda r: per_connection(r, "server_memory_bytes"), "{:.0f}"),
    "memory": ("memory grown, MiB", lambda r: mib(r, "server_memory_bytes"), "{:.1f}"),
    "sockets": ("in the kernel, MiB", lambda r: mib(r, "socket_memory_bytes"), "{:.1f}"),
}
MORE_IS_BETTER = {"rate", "deliveries"}
# Counts of what went wrong: the largest of the rounds, and no ratio.
FAULTS = {"missing", "stale", "failed"}


def columns_of(scenario):
    it = SCENARIOS[scenario]
    return it.get("columns", SEARCH_COLUMNS if "search" in it else COLUMNS)


# So small that it shows only that all works: what the options are divided by, and what they are in place of.
SMALL = {"followers": 20, "runners": 20, "rate": 4, "stalled": 10}
SMALL_CHANGES = {"warm-up": "100ms", "duration": "300ms", "settle": "10s"}
SMALL_HIGHEST_RATE = 200


# For a first look.
QUICK_CHANGES = {"warm-up": "300ms", "duration": "1s"}


def coarser(scenario):
    return {**scenario, "search": {**scenario["search"], "per_doubling": 1}} if "search" in scenario else scenario


def shrunk(scenario):
    options = dict(scenario["options"])
    for name, divisor in SMALL.items():
        if options.get(name):
            options[name] = max(1, options[name] // divisor)
    search = {"search": {**scenario["search"], "high": SMALL_HIGHEST_RATE}} if "search" in scenario else {}
    return {**scenario, **search, "options": options}
