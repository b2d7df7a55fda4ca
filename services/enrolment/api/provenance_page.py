"""The page that answers why a participant was given a level: plain, printable, with nothing loaded from elsewhere."""

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 1rem/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; border-top: 2px solid #1f4e5f; padding-top: .5rem }
dt { font-weight: 600 } dd { margin: 0 0 .5rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .25rem .5rem .25rem 0 }
td { border-top: 1px solid #ddd; vertical-align: top } code { font-size: .85rem; overflow-wrap: anywhere }
.mark { font-weight: 600; color: #8a1c1c }
@media print { body { margin: 0; max-width: none } tr { break-inside: avoid } }
"""


def as_page(found: Mapping[str, Any]) -> str:
    """A complete HTML document from the members of the JSON answer."""
    number, level = found["participant_number"], found["level"]
    title = f"Why was {number} given level {level}?" if level is not None else f"How was {number} registered?"
    decision = found["decision"]
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style></head>
<body><h1>{escape(title)}</h1>
{_marks(found)}
<h2>Registration</h2>{_list(_registration(found))}
{_decision(decision) if decision else "<p>This part has no dose levels: no decision was needed.</p>"}
<h2>Guards, evaluated when the registration was committed</h2>
<table><thead><tr><th>No.</th><th>Guard</th><th>Result</th><th>Looked at</th></tr></thead>
<tbody>{"".join(_guard(guard) for guard in found["guards"])}</tbody></table>
</body></html>
"""


def _marks(found: Mapping[str, Any]) -> str:
    decision = found["decision"] or {}
    marks = [f"{flag['flag']}: {flag['because']} ({flag['at']})" for flag in found["flags"]]
    if decision.get("superseded_at"):
        marks.append(
            f"The decision was superseded on {decision['superseded_at']}: {decision['superseded_because']}"
        )
    return "".join(f'<p class="mark">{escape(mark)}</p>' for mark in marks)


def _registration(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Registered", found["registered_at"]
    yield "Site", found["site_number"]
    yield "Protocol version", found["protocol_version"]
    yield "Part and stratum", f"{found['part']}, {found['stratum']}"
    if found["level"] is not None:
        yield "Level and dose", f"{found['level']}: {found['dose']} {found['unit']}"
        yield "Cell of the cohort rule (n, DLT, pending)", found["rule_cell"] or ""


def _decision(decision: Mapping[str, Any]) -> str:
    said = decision["recommendation"]
    parts = [f"<h2>Decision</h2>{_list(_decided(decision))}"]
    if said:
        parts.append(f"<h2>What the design recommended</h2>{_list(_recommended(said))}")
    rows = "".join(
        f"<tr><td>{escape(one['role'])}</td><td>{escape(one['person'])}</td><td>{escape(one['signed_at'])}</td></tr>"
        for one in decision["signed_by"]
    )
    parts.append(
        f"<h2>Signatures</h2><table><thead><tr><th>Role</th><th>Person</th><th>Signed</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
    return "\n".join(parts)


def _decided(decision: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    letter, rule = decision["letter"], decision["rule"]
    yield "Decision", decision["decision_id"]
    yield "What it does", f"{decision['kind']}, level {decision['level']}, {decision['places']} places"
    yield "In force since", decision["in_force_at"] or ""
    yield "Data cut", decision["data_cut_at"] or ""
    yield "SHA-256 of what was decided upon", decision["snapshot_sha256"] or ""
    yield "SHA-256 of the signed text", decision["text_sha256"] or ""
    if rule:
        yield "Rule it carries", ", ".join(f"{name} {text}" for name, text in rule["source"].items())
        yield "SHA-256 of the rule", decision["rule_sha256"] or ""
    if letter:
        yield (
            "Letter of the organisation that decides",
            f"{letter['reference']}, {letter['dated']}, SHA-256 {letter['sha256']}",
        )
    if decision["overrides_recommendation"]:
        reasons = "; ".join(f"{one['role']}: {one['text']}" for one in decision["override_reasons"])
        yield "Above the recommendation, because", reasons
    sitting = decision["sitting"]
    if sitting:
        yield "Voters", ", ".join(f"{one['person']} ({one['seat']})" for one in sitting["voters"])
        yield "Present without a vote, in conflict", ", ".join(sitting["in_conflict"])
        yield "Dissent", "; ".join(f"{one['person']}: {one['text']}" for one in sitting["dissents"])


def _recommended(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    following = f", next level {said['next_level']}" if said["next_level"] is not None else ""
    yield "Recommendation", f"{said['kind']}{following}"
    yield "Design and table", f"{said['design']}, SHA-256 {said['table_sha256'] or 'none'}"
    yield (
        "Cell that was read",
        f"level {said['level']}: n = {said['n']}, DLT = {said['dlt']}, pending = {said['pending']}",
    )
    yield "Reasons", ", ".join(said["reasons"]) or "none beside the table"


def _guard(guard: Mapping[str, Any]) -> str:
    result = "holds" if guard["passed"] else f"{guard['code']}: {guard['detail']}"
    inputs = json.dumps(guard["inputs"], sort_keys=True, ensure_ascii=False)
    cells = (str(guard["number"]), guard["guard"].replace("_", " "), result)
    plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr>{plain}<td><code>{escape(inputs)}</code></td></tr>"


def _list(facts: Iterable[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>' for name, text in facts if text)}</dl>"
