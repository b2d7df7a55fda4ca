"""The page that answers why a trial was halted: plain, printable, with nothing loaded from elsewhere."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 1rem/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; border-top: 2px solid #1f4e5f; padding-top: .5rem }
dt { font-weight: 600 } dd { margin: 0 0 .5rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .25rem .5rem .25rem 0 }
td { border-top: 1px solid #ddd; vertical-align: top; overflow-wrap: anywhere }
.mark { font-weight: 600; color: #8a1c1c }
@media print { body { margin: 0; max-width: none } tr { break-inside: avoid } }
"""
_SHOWN = ("part", "level", "kind", "reason", "reason_code", "next_level", "because", "site_number")


def as_page(found: Mapping[str, Any]) -> str:
    """A complete HTML document from the members of the JSON answer."""
    title = (
        f"Why was {found['trial_code']} halted for {found['lasted']}?"
        if found["lasted"]
        else f"Why is {found['trial_code']} halted?"
    )
    mark = "" if found["lifted"] else '<p class="mark">The halt is in force.</p>'
    receipts = "".join(
        _row(one["site_number"], one["role"], one["by"], one["at"]) for one in found["receipts"]
    )
    nearby = "".join(_row(one["at"], one["type"], _about(one["body"])) for one in found["nearby"])
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style></head>
<body><h1>{escape(title)}</h1>
{mark}
<h2>From beginning to end</h2>{_list(_facts(found))}
<h2>Sites that were told</h2>
<table><thead><tr><th>Site</th><th>Role</th><th>Person</th><th>Received</th></tr></thead>
<tbody>{receipts or _row("None has said so.")}</tbody></table>
<h2>What was said of the trial from a day before</h2>
<table><thead><tr><th>When</th><th>What</th><th>About</th></tr></thead>
<tbody>{nearby or _row("Nothing.")}</tbody></table>
</body></html>
"""


def _facts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    imposed, plan, lifted = found["imposed"], found["plan"], found["lifted"]
    what = " and ".join(name for name in ("recruitment", "dosing") if imposed[name])
    where = [
        f"{name.replace('_', ' ')} {imposed[name]}"
        for name in ("part", "level", "site_number")
        if imposed[name]
    ]
    yield "Reason", imposed["reason_code"]
    yield "Stopped", f"{what}: {', '.join(where) or 'the whole trial'}"
    yield "Imposed", _done(imposed)
    if plan:
        yield "Plan for participants on treatment", f"{plan['plan']} ({_done(plan)})"
    for asked in found["lift_requests"]:
        yield "Lifting asked for", f"{asked['reason']}, evidence {asked['evidence_id']} ({_done(asked)})"
    if lifted:
        yield "Lifted", _done(lifted)
        yield "Lasted", f"{found['lasted']} ({found['lasted_seconds']} seconds)"
    yield "Halt", found["halt_id"]


def _done(act: Mapping[str, Any]) -> str:
    return f"{act['at']}, {act['by']} as {act['role'].replace('_', ' ')}"


def _about(body: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {body[name]}" for name in _SHOWN if body.get(name) not in (None, "")
    )


def _row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _list(facts: Iterable[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>' for name, text in facts if text)}</dl>"
