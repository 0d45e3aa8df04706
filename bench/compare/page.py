"""page: results as Markdown, and their place in docs/benchmarks.md."""
import servers
from measuring import DISTURBED_SHARE, QUIET_TRIES, figure
from scenarios import FAULTS, MEASURES, MORE_IS_BETTER, SCENARIOS, columns_of

DOCUMENT = servers.ROOT / "docs/benchmarks.md"
BEGIN = "<!-- written by bench/compare/run --write-docs -->"
END = "<!-- until here -->"


def cell(reports, ours, key, has_ratio):
    """A figure; behind it how often ours that is."""
    value = figure(reports, key)
    text = MEASURES[key][2].format(value)
    if key in FAULTS or not ours or reports is ours:
        return text
    ours_value = figure(ours, key)
    return f"{text} ({value / ours_value:.2f})" if has_ratio and ours_value > 0 else text


def table(outcome, name):
    columns = columns_of(name)
    rows = outcome["results"][name]
    first = SCENARIOS[name]["measure"]
    headings = ["server", *(MEASURES[key][0] for key in columns)]
    lines = ["| " + " | ".join(headings) + " |", "|---|" + "---:|" * len(columns)]
    for server in outcome["servers"]:
        reports = rows.get(server["name"])
        if reports:
            cells = [cell(reports, rows.get("ours"), key, key in (first, "cpu")) for key in columns]
            lines.append(f"| {server['title']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def disturbed(outcome):
    """How many runs other work on the machine got into."""
    reports = [report for rows in outcome["results"].values() for reports in rows.values() for report in reports]
    shares = [report["disturbed_share"] for report in reports]
    count = sum(share > DISTURBED_SHARE for share in shares)
    if not count:
        return ""
    return (
        f"\nNot a quiet machine: in {count} of {len(shares)} runs, each the best of {QUIET_TRIES} tries, something else had the "
        f"load generator's core for over {DISTURBED_SHARE * 100:.0f} % of the time, {max(shares) * 100:.0f} % at worst."
    )


def surroundings(outcome):
    versions = "; ".join(f"{it['title']} {it['version']}".strip() for it in outcome["servers"])
    rounds = f"{outcome['rounds']} round" + ("s" if outcome["rounds"] > 1 else "")
    lines = [f"Measured on {outcome['day']}: {outcome['machine']}; {rounds}. {versions}."]
    lines += [f"Not there: {name} ({why})." for name, why in outcome["missing"].items()]
    return "\n".join(lines) + disturbed(outcome)


def better_than_ours(outcome, name):
    """Those who are better at what the scenario is about, as text. The bare loop is no server: see beside_bare()."""
    key = SCENARIOS[name]["measure"]
    rows = outcome["results"][name]
    found = []
    for server in outcome["servers"]:
        beside = servers.ours_beside(server["name"])
        if server["name"] in (beside, "bare") or server["name"] not in rows or beside not in rows:
            continue
        value, ours = figure(rows[server["name"]], key), figure(rows[beside], key)
        if value == 0:
            continue  # it delivered nothing that could be measured
        if value > ours if key in MORE_IS_BETTER else value < ours:
            found.append(f"{server['title']} ({value / ours:.2f})")
    return f"`{name}`, {MEASURES[key][0].split(',')[0]}: {', '.join(found)}" if found else None


def not_first(outcome):
    found = [text for name in outcome["results"] if (text := better_than_ours(outcome, name))]
    if not found:
        return "In this run no other server was better at what a scenario is about."
    heading = "Where ours was not first in this run, with multiples of ours (over TLS, of ours over TLS); "
    heading += "a few hundredths are within the noise:"
    return heading + "\n\n" + "\n".join(f"- {text}" for text in found)


def beside_bare(outcome):
    """What checking, knowing who follows whom and the rest of ours cost: CPU per delivery as multiples of the bare loop's."""
    found = []
    for name, rows in outcome["results"].items():
        if "ours" not in rows or "bare" not in rows:
            continue
        ours, bare = figure(rows["ours"], "cpu"), figure(rows["bare"], "cpu")
        times = f"{ours / bare:.2f} times as much" if bare > 0 else "too little was measured"
        found.append(f"- `{name}`: {times} ({ours:.3f} and {bare:.3f} us)")
    if not found:
        return ""
    heading = "The bare send loop, which checks nothing and knows nobody, is not among these: it is the floor. The CPU time of a "
    heading += "delivery by ours, beside that of one by the bare loop:"
    return heading + "\n\n" + "\n".join(found)


def limits(outcome, name):
    """What ended a search, of each server."""
    if "search" not in SCENARIOS[name]:
        return ""
    rows = outcome["results"][name]
    ends = [(it["title"], rows[it["name"]][0]["broken_by"]) for it in outcome["servers"] if it["name"] in rows]
    text = "; ".join(f"{title}: {', '.join(why) or 'no rate that was tried'}" for title, why in ends)
    return (
        f"\n\nWhat was wrong at the next higher rate: {text}. \"generator\": the load generator could not keep its schedule, so "
        "the server may do more."
    )


MISDEEDS = ("duplicates", "reordered", "too_old", "misdelivered", "foreign", "strange")


def misdeeds(outcome):
    """What no server may do, and which did."""
    found = []
    for name, rows in outcome["results"].items():
        for server, reports in rows.items():
            for misdeed in MISDEEDS:
                if worst := max(report[misdeed] for report in reports):
                    found.append(f"{server} in `{name}`: {misdeed} {worst}")
    if not found:
        return "Nothing came twice, behind something newer, to the wrong follower, or mixed up, from any of them."
    return "What must not happen, and did (in the worst round): " + "; ".join(found) + "."


def of(outcome):
    parts = [text for text in (surroundings(outcome), misdeeds(outcome), not_first(outcome), beside_bare(outcome)) if text]
    for name in outcome["results"]:
        it = SCENARIOS[name]
        parts.append(f"#### `{name}`: {it['title']}\n\n{it['what']}\n\n{table(outcome, name)}{limits(outcome, name)}")
    return "\n\n".join(parts)


def write(outcome):
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{of(outcome)}\n\n{END}{after}")
