"""The parts of the report about invented trials and the trial finder."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from deploy.trialops.demo.tables import table
from deploy.trialops.demo.words import STATUS, counted_in_words, in_words

Trial = Mapping[str, Any]
NO_BREAK = "\N{NON-BREAKING HYPHEN}"


def invented_sections(invented: Mapping[str, Any]) -> str:
    """Every invented trial under a notice that says that it is invented; nothing when none was told."""
    if not invented["trials"]:
        return ""
    sections = "\n".join(_section(story, trial) for story, trial in invented["trials"].items())
    return f"""<h2 id="invented">Invented trials</h2>
<p class="notice"><b>Invented.</b> {escape(invented["notice"])} Seed: {invented["seed"]}.</p>
{sections}"""


def _section(story: str, trial: Trial) -> str:
    return f"""<section aria-labelledby="story-{escape(story)}">
<h3 id="story-{escape(story)}">{escape(trial["title"])}</h3>
<p>{escape(trial["code"])}: {escape(in_words(story, trial))}.</p>
{SHOWN[story](trial)}
{_checks(trial["checks"])}
</section>"""


def _checks(checks: Mapping[str, bool]) -> str:
    lines = "".join(
        f'<li class="{"ok" if holds else "failed"}">{escape(name.replace("_", " "))}: '
        f"{'holds' if holds else 'does not hold'}</li>"
        for name, holds in checks.items()
    )
    return f"<ul>{lines}</ul>"


def _randomised(trial: Trial) -> str:
    names = {"site": "hospital", "risk": "risk", "age-group": "age group"}
    rows = [
        (names.get(factor, factor), level.replace("-", " "), str(count))
        for factor, levels in trial["balance"].items()
        for level, count in levels.items()
    ]
    replay = trial["replay"]
    counts = table(
        "Balance as blinded people see it: all arms together",
        ("Factor", "Level", "Randomised"),
        rows,
        ("", "", "count"),
    )
    return f"""{counts}
<p>Who is on which arm is not on this page: it is known to the unblinded statistician, who made
{replay["assignments"]} draws again from the audit, with {replay["differences"]} differences.</p>"""


def _car_t(trial: Trial) -> str:
    courses = [
        (
            one["number"],
            ", ".join(
                f"{step['step']} {step['on'].replace('-', NO_BREAK)}"
                + (" (failed)" if step["outcome"] == "failed" else "")
                for step in one["steps"]
            ),
            _visits(one["visits"]),
            "died" if one["died"] else one["follow_up_ends_on"],
        )
        for one in trial["children"]
    ]
    due = [
        (
            one["participant_number"],
            one["label"],
            str(one["day"]),
            one["due_on"],
            one["closes_on"],
            one["state"],
        )
        for one in trial["due"]
    ]
    heads = ("Participant", "Course", "Visits", "Follow-up until")
    of_due = ("Participant", "Visit", "Day", "Due on", "Window closes", "State")
    return (
        table("Courses and what became of the visits owed", heads, courses, ("who", "", "", "who"))
        + table(f"Worklist on {trial['as_of']}", of_due, due, ("who", "", "count", "who", "who"))
        + f"<p>The death cancelled {trial['cancelled_by_the_death']} visits at once.</p>"
    )


def _visits(visits: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in visits.items())


def _samples(trial: Trial) -> str:
    rows = [
        (
            one["label"],
            ", ".join(use.replace("-", " ") for use in one["consented"]),
            ", ".join(happening.replace("_", " ") for happening in one["happened"]),
            one["state"].replace("_", " "),
        )
        for one in trial["samples"]
    ]
    heads = ("Sample", "Consented to use in", "What happened", "State")
    return table("Samples and consent, use by use", heads, rows, ("who",))


SHOWN: Mapping[str, Callable[[Trial], str]] = {
    "randomised": _randomised,
    "samples": _samples,
    "car-t": _car_t,
}


def finder_section(finder: Mapping[str, Any]) -> str:
    """The trial finder at the end of the story, and its counts before and after what changed them."""
    rows = [
        (seen["moment"], seen["at"][:10], one["code"], STATUS[one["status"]], counted_in_words(one))
        for seen in finder["moments"]
        for one in seen["trials"]
    ]
    shown = [(when, on, code, counted) for when, on, code, _, counted in rows]
    cards = "\n".join(_card(trial) for trial in finder["trials"])
    return f"""<h2 id="finder">The trial finder</h2>
<p>What a referrer reads at <code>GET /enrolment/api/v1/trial-finder</code>, or as a page at
<code>/enrolment/api/v1/trial-finder.html</code>: counts, and nothing about anyone.</p>
<div class="cards">
{cards}
</div>
{table("What it said before and after", ("When", "Date", "Trial", "Counts"), shown, ("", "who", "who", ""))}"""


def _card(trial: Trial) -> str:
    return f"""<article>
<h3>{escape(trial["title"])}</h3>
<p><b>{escape(STATUS[trial["status"]].capitalize())}.</b> {escape(trial["summary"])}</p>
<p class="rule">{escape(trial["code"])}: {escape(", ".join(trial["conditions"]))}; {escape(_ages(trial["ages"]))};
{escape(trial["treatment"])}; {len(trial["hospitals"])} hospitals</p>
</article>"""


def _ages(ages: Sequence[Sequence[int]]) -> str:
    return f"from {min(one[0] for one in ages)} to under {max(one[1] for one in ages)} years"
