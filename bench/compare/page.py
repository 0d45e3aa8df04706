"""page: results as Markdown, and their place in docs/benchmarks.md."""
import servers
from measuring import figure
from scenarios import FAULTS, MEASURES, SCENARIOS, columns_of

DOCUMENT = servers.ROOT / "docs/benchmarks.md"
BEGIN = "<!-- written by bench/compare/run --write-docs -->"
END = "<!-- until here -->"


def ratio(value, ours):
    return value / ours if ours else None


def cell(reports, ours, key, is_first):
    """A figure; behind it how often ours that is."""
    value = figure(reports, key)
    text = MEASURES[key][2].format(value)
    if key in FAULTS or not ours or reports is ours:
        return text
    times = ratio(value, figure(ours, key))
    return text if times is None or not is_first else f"{text} ({times:.2f})"


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


def surroundings(outcome):
    versions = "; ".join(f"{it['title']} {it['version']}".strip() for it in outcome["servers"])
    lines = [f"Measured on {outcome['day']}: {outcome['machine']}. {versions}. {outcome['rounds']} rounds."]
    lines += [f"Not there: {name} ({why})." for name, why in outcome["missing"].items()]
    return "\n".join(lines)


def of(outcome):
    parts = [surroundings(outcome)]
    for name in outcome["results"]:
        it = SCENARIOS[name]
        parts.append(f"### `{name}`: {it['title'].lower()}\n\n{it['what']}\n\n{table(outcome, name)}")
    return "\n\n".join(parts)


def write(outcome):
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{of(outcome)}\n\n{END}{after}")
