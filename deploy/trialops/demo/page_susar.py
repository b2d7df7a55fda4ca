"""The part of the report about the toxicity that became a SUSAR, and its sentence on the terminal."""

from collections.abc import Mapping
from html import escape
from typing import Any

from deploy.trialops.demo.tables import table

CLASSES = {
    None: "not serious",
    "AE": "adverse event",
    "AR": "adverse reaction",
    "SAE": "serious adverse event",
    "SAR": "serious adverse reaction",
    "SUSAR": "SUSAR",
}


def susar_in_words(susar: Mapping[str, Any]) -> str:
    """One sentence about a story told to its end; of another, that it was not."""
    if "case_number" not in susar:
        return "the event that was to become a SUSAR was not followed to its end"
    answers = " and ".join("taken" if file["accepted"] else "refused" for file in susar["files"])
    met = sum(one["state"] == "met" for one in susar["obligations"])
    return (
        f"{susar['term'].lower()}, grade {susar['grade']}, a dose-limiting toxicity, "
        "became a SUSAR by its assessments; "
        f"case {susar['case_number']}: {len(susar['files'])} files, {answers}; "
        f"{met} of {len(susar['obligations'])} obligations met; the MedDRA code in it is a placeholder"
    )


def susar_section(susar: Mapping[str, Any] | None) -> str:
    """From the verdict to the closed case, under a notice that says what is invented; nothing when not told."""
    if susar is None:
        return ""
    heading = '<h2 id="susar">A toxicity becomes a SUSAR, and is reported</h2>'
    if "case_number" not in susar:
        return f"{heading}\n{_checks(susar['checks'])}"
    placeholder = susar["placeholder"]
    return f"""{heading}
<p class="notice"><b>Invented.</b> {escape(susar["notice"])} The regulator is played.
{escape(placeholder["notice"])} Placeholder: {escape(placeholder["code"])}.</p>
<p>One of the dose-limiting toxicities, {escape(susar["term"].lower())} of grade {susar["grade"]} (CTCAE
{escape(susar["ctcae"])}), was serious, was suspected to come from the product, and was worse than the document
that lists the expected reactions says. Such an event is a SUSAR: a suspected unexpected serious adverse
reaction, which the authority must be told of within days. Nobody typed that word in; it follows from what the
investigator and the sponsor each said:</p>
<ul>{"".join(f"<li>{escape(reason)}</li>" for reason in susar["reasons"])}</ul>
<p>The safety desk made case {escape(susar["case_number"])} of it and sent a file (ICH E2B(R3)). The regulator refused
it, because the number of the application was mistyped; the duty to report was open again, with the same last day. The
desk corrected the number and sent the case again. The regulator took it, and the case was closed.</p>
{_moments(susar)}
{_files(susar)}
{_obligations(susar)}
{_checks(susar["checks"])}"""


def _moments(susar: Mapping[str, Any]) -> str:
    queue = {None: "no case yet", True: "in the queue", False: "not in the queue"}
    rows = [
        (
            one["moment"],
            one["at"][:10],
            CLASSES.get(one["event_class"], one["event_class"]),
            "; ".join(f"{owed}: {state}" for owed, state in one["obligations"].items()) or "nothing owed",
            queue[one["in_the_queue"]],
        )
        for one in susar["moments"]
    ]
    heads = ("When", "Date", "What it is", "Reports owed", "Case")
    return table("What the service said at each step", heads, rows, ("", "who"))


def _files(susar: Mapping[str, Any]) -> str:
    rows = [
        (
            file["sent_at"][:10],
            file["profile"],
            file["sha256"][:16],
            str(file["findings"]),
            "taken" if file["accepted"] else "refused",
        )
        for file in susar["files"]
    ]
    heads = ("Sent", "Rules", "SHA-256 begins", "Findings of our rules", "Answer (played)")
    return table("Files of the case", heads, rows, ("who", "", "", "count"))


def _obligations(susar: Mapping[str, Any]) -> str:
    rows = [
        (
            one["rule"],
            one["recipient"],
            one["due_date"] or "",
            (one["met_at"] or "")[:10],
            "in time" if one["in_time"] else "not in time",
        )
        for one in susar["obligations"]
    ]
    return table("Reports owed, at the end", ("Rule", "To", "Due", "Met", ""), rows, ("", "", "who", "who"))


def _checks(checks: Mapping[str, bool]) -> str:
    lines = "".join(
        f'<li class="{"ok" if holds else "failed"}">{escape(name.replace("_", " "))}: '
        f"{'holds' if holds else 'does not hold'}</li>"
        for name, holds in checks.items()
    )
    return f"<ul>{lines}</ul>"
