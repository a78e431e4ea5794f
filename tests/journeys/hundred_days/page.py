"""What a hundred days were like, as a page with a table and a chart."""

from collections import Counter
from pathlib import Path

from jinja2 import Environment

from notifier.deciding.silences import days_of_silence, shipped_silences
from notifier.states import Cadence
from tests.journeys.hundred_days import Heard

_PAGE = """# How many messages a claim brings

{{ "{:,}".format(claims) }} invented claims over {{ days }} simulated days: they begin in the first forty, a fifth of them
rest five times as long everywhere, half stray once, one in seven is refused. Policyholders chose the three cadences in
turn; everything but the provider and the clock is the product's own. Written by `{{ command }}`.

| cadence | claims | messages a claim, mean | half of them at most | nine in ten at most | the most | of these heartbeats | longest silence while waiting | its limit |
|---|---|---|---|---|---|---|---|---|
{% for row in rows -%}
| {{ row.cadence }} | {{ row.claims }} | {{ row.mean }} | {{ row.median }} | {{ row.ninth }} | {{ row.most }} | {{ row.beats }} % | {{ row.silence }} days | {{ row.limit }} days |
{% endfor %}
![How many claims had how many messages, by cadence](pictures/messages.svg)

Two optional messages on one day: {{ twice }} times. Waiting claims that heard nothing for longer than their cadence
allows: {{ over }}.
"""  # noqa: E501
_WIDTH, _HEIGHT, _LEFT, _BAR = 720, 150, 96, 22
# Told apart without colour, too: each cadence has a row of its own with its name.
_CHART = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height * rows|length + 40 }}" role="img"
 font-family="system-ui, sans-serif" font-size="13"><title>How many claims had how many messages, by cadence</title>
<rect width="100%" height="100%" fill="#fff"/>
{% for row in rows %}{% set base = loop.index * height - 14 %}
<text x="8" y="{{ base - 4 }}" fill="#1c2b33">{{ row.cadence }}</text>
<line x1="{{ left }}" x2="{{ width - 8 }}" y1="{{ base }}" y2="{{ base }}" stroke="#5b6b73"/>
{% for count, share in row.shares %}
<rect x="{{ left + count * bar + 2 }}" y="{{ base - share * 3 }}" width="{{ bar - 4 }}" height="{{ share * 3 }}"
 fill="#1f6f8b"><title>{{ count }} messages: {{ share }} % of the claims</title></rect>
{% endfor %}{% endfor %}
{% for count in range(0, most + 1, 2) %}<text x="{{ left + count * bar + bar / 2 }}" y="{{ height * rows|length + 8 }}"
 text-anchor="middle" fill="#1c2b33">{{ count }}</text>{% endfor %}
<text x="{{ left }}" y="{{ height * rows|length + 30 }}" fill="#1c2b33">messages a claim; a bar is as high as the share
 of claims that had so many</text></svg>
"""


def write_page(heard: Heard, *, claims: int, days: int, command: str, into: Path | None) -> None:
    """The page into the folder `into` as `messages.md`, its chart beside the pictures; or the page printed."""
    rows = [_row(heard, cadence) for cadence in Cadence if heard.counts(cadence)]
    render = Environment(autoescape=False, keep_trailing_newline=True).from_string
    words = {"claims": claims, "days": days, "command": command, "rows": rows}
    page = render(_PAGE).render(**words, twice=heard.twice_a_day, over=heard.over_budget)
    if into is None:
        print(page)
        return
    most = max(row["most"] for row in rows)
    chart = render(_CHART).render(rows=rows, width=_WIDTH, height=_HEIGHT, left=_LEFT, bar=_BAR, most=most)
    (into / "messages.md").write_text(page, encoding="utf-8")
    (into / "pictures" / "messages.svg").write_text(chart, encoding="utf-8")


def _row(heard: Heard, cadence: Cadence) -> dict[str, object]:
    counts, kinds = heard.counts(cadence), sum(heard.messages[cadence], Counter())
    total = kinds.total() or 1
    return {
        "cadence": cadence.value,
        "claims": len(counts),
        "mean": round(total / len(counts), 1),
        "median": counts[len(counts) // 2],
        "ninth": counts[len(counts) * 9 // 10],
        "most": counts[-1],
        "beats": round(100 * kinds["heartbeat"] / total),
        "silence": round(heard.longest_silence[cadence].total_seconds() / 86400, 1),
        "limit": days_of_silence(shipped_silences(), cadence),
        "shares": [(count, round(100 * of / len(counts), 1)) for count, of in sorted(Counter(counts).items())],
    }
