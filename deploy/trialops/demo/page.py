"""The report as one HTML file that needs nothing else: counts, picture, what decided, checks, assumptions."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from deploy.trialops.demo.comparisons import EXPLAINED, comparison_table
from deploy.trialops.demo.page_invented import finder_section, invented_sections
from deploy.trialops.demo.page_susar import susar_section
from deploy.trialops.demo.picture import SHADES, draw_courses, verdict_in_words
from deploy.trialops.demo.play import Played
from deploy.trialops.demo.published import ASSUMPTIONS, CITATION
from deploy.trialops.demo.tables import table
from deploy.trialops.demo.timeline import Timeline

STYLE = """
body { font: 16px/1.5 Arial, sans-serif; color: #212b32; max-width: 1120px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.8rem; line-height: 1.2; } h2 { font-size: 1.3rem; margin-top: 2rem; }
.lead { font-size: 1.1rem; max-width: 46rem; }
.scroll { overflow-x: auto; margin-bottom: 1rem; }
table { border-collapse: collapse; } caption { text-align: left; font-weight: bold; padding: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #d8dde0; }
td.count { text-align: right; font-variant-numeric: tabular-nums; }
.ok { color: #006747; font-weight: bold; } .failed { color: #d5281b; font-weight: bold; }
svg { width: 100%; min-width: 760px; height: auto; background: #fff; }
svg .month { stroke: #eceff1; } svg .axis, svg .unevaluable { font-size: 10px; fill: #4c6272; }
svg .name { font-size: 10px; text-anchor: end; fill: #212b32; }
svg .decision { stroke: #425563; stroke-dasharray: 3 3; } svg .closing { stroke: #d5281b; }
svg .number { font-size: 10px; text-anchor: middle; fill: #212b32; }
svg .dlt { font-size: 14px; text-anchor: middle; fill: #d5281b; } svg .registered { fill: #4c6272; }
.key b, .key span { white-space: nowrap; }
.key i { display: inline-block; width: 1.6rem; height: .7rem; margin: 0 .3rem 0 1rem; }
.who { white-space: nowrap; } .rule { color: #4c6272; }
.notice { border-left: 4px solid #d5281b; background: #fdf3f2; padding: .5rem 1rem; max-width: 46rem; }
h3 { font-size: 1.1rem; margin: 1.5rem 0 .3rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 0 2rem; }
.cards article { border-top: 2px solid #425563; }
@media (max-width: 40rem) { body { margin: 1rem auto; } th, td { padding-right: .6rem; font-size: .95rem; } }
.scroll:focus-visible { outline: 3px solid #212b32; outline-offset: 2px; }
"""


def render_report(played: Played) -> str:
    """The whole page: the published trial first, then what is invented, then everything that happened."""
    result = played.result
    published = bool(result["strata"])
    ok = "ok" if result["passed"] else "failed"
    verdict = "Every check passed." if result["passed"] else "A check failed; see below."
    counted = f"{escape(verdict_in_words(played.timeline.courses))} " if published else ""
    heading = (
        "A published trial, replayed through the three services" if published else "Invented trials, played"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{"A published trial, replayed" if published else heading}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
<p class="lead">{counted}<span class="{ok}">{verdict}</span></p>
{_published(result, played.timeline) if published else ""}
{susar_section(result["susar"])}
{invented_sections(result["invented"])}
{finder_section(result["finder"])}
<h2>Checks</h2>
{_invariants(result["invariants"])}
{_details(result["details"])}
<h2>Everything that happened</h2>
{_everything(played)}
</main>
</body>
</html>
"""


def _published(result: Mapping[str, Any], timeline: Timeline) -> str:
    return f"""<p>All children, dates and hospitals are invented. What the paper gives are the counts:
{escape(CITATION)}.</p>
{_counts(result["strata"])}
<h2>Course of the trial</h2>
<p class="key">Dose:{_key()} <b>&#x2716;</b> dose-limiting toxicity;
numbered lines are decisions, red ones closings.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Course of the trial">{draw_courses(timeline)}</div>
{_marks(timeline)}
<h2>Levels closed by a report</h2>
{_closed(result["levels_closed"])}
<h2>Where the rules took another road than the paper</h2>
{_disagreements(result["disagreements"])}
<h2>What other designs would have recommended</h2>
<p>{escape(EXPLAINED)}</p>
{comparison_table(result["comparisons"])}
<h2>Assumed, because it was not published</h2>
<ul>{"".join(f"<li>{escape(text)}</li>" for text in ASSUMPTIONS)}</ul>"""


def _key() -> str:
    return "".join(
        f'<span><i style="background:{shade}"></i>{dose} mg/m2</span>' for dose, shade in SHADES.items()
    )


def _counts(strata: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            f"Stratum {stratum['name']}",
            f"{level['dose']} mg/m2",
            str(level["enrolled"]),
            str(level["evaluable"]),
            str(level["dlt"]),
            "MTD" if stratum["mtd"] == level["dose"] else "",
        )
        for stratum in strata
        for level in stratum["levels"]
    ]
    heads = ("Stratum", "Dose", "Enrolled", "Evaluable", "DLT", "")
    return table("Counts reached through the rules", heads, rows, ("", "", "count", "count", "count"))


def _marks(timeline: Timeline) -> str:
    rows = [
        (str(number), f"{mark.at:%d %B %Y}", mark.text) for number, mark in enumerate(timeline.marks, start=1)
    ]
    return table("Decisions and closings", ("No.", "Date", "What"), rows, ("", "who"))


def _closed(closed: Sequence[Mapping[str, Any]]) -> str:
    rows = [(str(one["level"]), f"{one['report_to_closed_ms']:.1f} ms") for one in closed]
    return table("From the accepted report to the closed level", ("Level", "Time"), rows)


def _invariants(invariants: Mapping[str, Any]) -> str:
    rows = [(name.replace("_", " "), str(value)) for name, value in invariants.items()]
    return table("Computed from each service's books", ("Check", "Result"), rows)


def _disagreements(found: Sequence[Mapping[str, str]]) -> str:
    rows = [(one["where"], one["published"], one["rules"], one["reason"]) for one in found]
    return table("Disagreements", ("Where", "Published", "By the rules", "Why"), rows)


def _details(details: Sequence[str]) -> str:
    return "".join(f'<p class="failed">{escape(detail)}</p>' for detail in details)


def _everything(played: Played) -> str:
    tables = [_lines("Timeline (domain time, UTC)", played.timeline)] if played.result["strata"] else []
    tables += [
        _lines(f"{told.code}, invented (domain time, UTC)", told.timeline) for told in played.told.values()
    ]
    return "\n".join(tables)


def _lines(caption: str, timeline: Timeline) -> str:
    rows = [(f"{line.at:%d %b %Y %H:%M}", line.who, line.what, line.rule) for line in timeline.lines]
    return table(caption, ("When", "Who", "What", "Decided by"), rows, ("who", "who", "", "rule"))
