"""plot: what each scenario measures first, of each server, as a multiple of ours: docs/images/comparison.svg."""
import html
import math

import servers
from measuring import figure
from scenarios import MORE_IS_BETTER, SCENARIOS

PICTURE = servers.ROOT / "docs/images/comparison.svg"

WIDTH, MARGIN, GAP = 920, 20, 30
PANEL = (WIDTH - 2 * MARGIN - GAP) / 2
NAMES, NUMBERS = 112, 52  # beside the bars
ROW, BAR, HEAD, FOOT = 20, 12, 46, 24
LOWEST, HIGHEST = 0.5, 128  # of the axis, in multiples of ours

STYLE = """
  .page { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e } .line { stroke: #d1d9e0 }
  .one { stroke: #0969da } .more { fill: #8c959f } .less { fill: #d1621b } .floor { fill: #d1d9e0 }
  text { font: 12px system-ui, "DejaVu Sans", sans-serif } .title { font-size: 13px; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #f0f6fc } .faint { fill: #9198a1 } .line { stroke: #3d444d }
    .one { stroke: #4493f8 } .more { fill: #656c76 } .less { fill: #e8834a } .floor { fill: #3d444d }
  }
"""


def times_ours(rows, name, key):
    """Of what less is better: of a rate, ours divided by theirs."""
    ours, theirs = figure(rows["ours"], key), figure(rows[name], key)
    if key in MORE_IS_BETTER:
        ours, theirs = theirs, ours
    return theirs / ours if ours > 0 and theirs > 0 else None


def panels_of(outcome):
    """[(scenario, [(title, times)])] of those where ours and another ran."""
    found = []
    for name, rows in outcome["results"].items():
        key = SCENARIOS[name]["measure"]
        others = [it for it in outcome["servers"] if it["name"] != "ours" and it["name"] in rows]
        if "ours" in rows and others:
            bars = [(it["title"], times_ours(rows, it["name"], key)) for it in others]
            found.append((name, [bar for bar in bars if bar[1] is not None]))
    return found


def place(times):
    """Where on the axis, from 0 to 1."""
    within = min(max(times, LOWEST), HIGHEST)
    return math.log2(within / LOWEST) / math.log2(HIGHEST / LOWEST)


def text(x, y, words, kind="text", anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def line(x, top, bottom, kind):
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'


def multiple(times):
    return f"{times:.2f}×" if times < 10 else f"{times:.0f}×"


def bar(x, y, width, title, times):
    kind = "floor" if title == servers.Bare.title else "less" if times < 1 else "more"
    one, end = x + place(1) * width, x + place(times) * width
    left, right = min(one, end), max(one, end)
    return [
        text(x - 8, y + BAR - 2, title, anchor="end"),
        f'<rect class="{kind}" x="{left:.1f}" y="{y:.1f}" width="{max(right - left, 1):.1f}" '
        f'height="{BAR}" rx="2"/>',
        text(right + 5, y + BAR - 2, multiple(times), "faint"),
    ]


def panel(x, y, it):
    name, bars = it
    left, width = x + NAMES, PANEL - NAMES - NUMBERS
    bottom = y + HEAD + ROW * len(bars)
    parts = [text(x, y + 16, f"{name}: {SCENARIOS[name]['plot']}", "text title")]
    for times in (0.5, 2, 4, 8, 16, 32, 64, 128):
        parts.append(line(left + place(times) * width, y + HEAD - 8, bottom, "line"))
    for times in (0.5, 1, 2, 4, 8, 16, 32, 64, 128):
        parts.append(text(left + place(times) * width, y + HEAD - 13, f"{times:g}", "faint", "middle"))
    for number, (title, times) in enumerate(bars):
        parts += bar(left, y + HEAD + ROW * number, width, title, times)
    parts.append(line(left + place(1) * width, y + HEAD - 8, bottom, "one"))
    return parts


def picture(outcome):
    panels = panels_of(outcome)
    y, parts = MARGIN + 44, []
    parts.append(text(MARGIN, MARGIN + 14, "As a multiple of spectate (the blue line): less is better", "text title"))
    parts.append(text(MARGIN, MARGIN + 32, "Orange: better than ours. The axis is logarithmic. The bare send loop is no server but the floor.", "faint"))
    for number in range(0, len(panels), 2):
        pair = panels[number : number + 2]
        for column, it in enumerate(pair):
            parts += panel(MARGIN + column * (PANEL + GAP), y, it)
        y += HEAD + FOOT + ROW * max(len(bars) for _, bars in pair)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" width="{WIDTH}" height="{y:.0f}" role="img">'
    title = "<title>Servers compared, as multiples of spectate; the figures are in the tables</title>"
    page = f'<rect class="page" width="{WIDTH}" height="{y:.0f}" rx="6"/>'
    return "\n".join([head, title, f"<style>{STYLE}</style>", page, *parts, "</svg>"]) + "\n"


def write(outcome):
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(outcome))
