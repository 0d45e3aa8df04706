"""measuring: one run of one server under one load; rounds of it; the search for the highest clean rate."""
import json
import os
import statistics
import subprocess
import sys

import servers
from scenarios import FAULTS, MEASURES, SCENARIOS

SECONDS_PER_RUN = 120
RATE_TRIES = 2  # before a rate counts as too high
QUIET_TRIES = 2  # of a run that is disturbed
DISTURBED_SHARE = 0.1  # of the time, in which something else had the generator's core
LAG_MS = 100  # a generator that is later than this is the limit itself


def cores():
    """(the server's, the load's); (None, None): there are not two."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def load_options(scenario, server, port, pids, **changes):
    options = {"protocol": server.protocol, "port": port, "watch": ",".join(map(str, pids)), **scenario["options"], **changes}
    words = [f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()]
    words += ["--tls"] if server.over_tls else []
    return words + (["--wildcard"] if server.asks_for_all and scenario.get("whole_race") else [])


def run_load(server, scenario, port, pids, core, changes):
    """The account of one load on a server that runs."""
    command = [server.build / "bench/load", *load_options(scenario, server, port, pids, **changes)]
    done = subprocess.run(
        servers.pinned(core, command),
        capture_output=True,
        text=True,
        timeout=SECONDS_PER_RUN,
        start_new_session=True,
        preexec_fn=servers.prepare,
    )
    if done.returncode != 0:
        raise RuntimeError(f"load: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    report["rate"] = changes.get("rate", scenario["options"].get("rate"))
    return report


def run_once(server, name, changes):
    """The least disturbed of a few runs; the first that is not disturbed ends the search for it."""
    server_core, load_core = cores()
    least = None
    for _ in range(QUIET_TRIES):
        with servers.running(server, server_core) as (port, pids):
            report = run_load(server, SCENARIOS[name], port, pids, load_core, changes)
        if least is None or report["disturbed_share"] < least["disturbed_share"]:
            least = report
        if report["disturbed_share"] <= DISTURBED_SHARE:
            break
    return least


# The highest clean rate.


def faults_of(report, p99_ms):
    """What is not clean about a run."""
    found = [name for name in ("missing", "stale", "skipped", "failed", "closed") if report[name]]
    if report["latency_ms"]["p99"] >= p99_ms:
        found.append("p99")
    if report["lag_ms"]["p99"] >= LAG_MS:
        found.append("generator")
    return found


def rates_of(search):
    rates, step = [], 0
    while (rate := search["low"] * 2 ** (step / search["per_doubling"])) <= search["high"]:
        rates.append(round(rate))
        step += 1
    return rates


def try_rate(server, name, changes):
    """(the report if it is clean, what was wrong with it otherwise)"""
    p99_ms = SCENARIOS[name]["search"]["p99_ms"]
    for _ in range(RATE_TRIES):
        report = run_once(server, name, {"duration": "1s", "settle": "1s", **changes})
        faults = faults_of(report, p99_ms)
        if not faults:
            return report, []
        if report["missing"] > report["expected"] / 100:
            break
    return None, faults


def highest_clean(server, name, changes):
    """The report of the highest rate that is clean, found by halving, with what was wrong at the next."""
    rates = rates_of(SCENARIOS[name]["search"])
    low, high, best, broken = -1, len(rates), None, []
    while high - low > 1:
        middle = (low + high) // 2
        report, faults = try_rate(server, name, {**changes, "rate": rates[middle]})
        if report:
            best, low = report, middle
        else:
            broken, high = faults, middle
    if best is None:
        raise RuntimeError(f"not even {rates[0]} positions a second are clean: {', '.join(broken)}")
    return {**best, "broken_by": broken}


# Rounds.


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(server, name, changes):
    if "search" in SCENARIOS[name]:
        return highest_clean(server, name, changes)
    return run_once(server, name, changes)


def describe(name, report):
    key = SCENARIOS[name]["measure"]
    heading, value, form = MEASURES[key]
    missing = f", {report['missing']} of {report['expected']} missing" if report["missing"] else ""
    return f"{heading} {form.format(value(report))}{missing}"


def run_rounds(contestants, names, rounds, changes):
    """{scenario: {server: [report per round]}}. Each round of a scenario takes the servers in turn."""
    results = {}
    for name in names:
        results[name] = {}
        for number in range(min(rounds, SCENARIOS[name].get("rounds", rounds))):
            for server in contestants:
                if not servers.takes_part(server, name):
                    continue
                try:
                    report = measure(server, name, changes)
                except (RuntimeError, subprocess.TimeoutExpired) as fault:
                    say(f"{name:8} {server.name:10} left out: {fault}")
                    continue
                results[name].setdefault(server.name, []).append(report)
                say(f"{name:8} {server.name:10} {describe(name, report)}")
    return results


def figure(reports, key):
    """One figure of several rounds."""
    values = [MEASURES[key][1](report) for report in reports]
    return max(values) if key in FAULTS else statistics.median(values)
