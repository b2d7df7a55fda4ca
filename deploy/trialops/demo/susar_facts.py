"""What came of the SUSAR: facts for `--json` and the page, in which nobody is named, and checks that must hold."""

from collections.abc import Mapping
from typing import Any

from deploy.trialops.demo.susar import BECOMES_ONE, IN_FORCE, Seen, Susar
from deploy.trialops.demo.susar_bodies import INVENTED, PLACEHOLDER, PLACEHOLDER_NOTE, RECEIVER
from shared.clock import format_instant

BEFORE, JUDGED, BY_BOTH, SENT, REFUSED, AGAIN, END = range(7)
"""The moments at which the service was asked, in their order."""
OWED = ("regime", "rule", "recipient", "due_date", "state", "met_at", "in_time")


def facts_of(susar: Susar) -> dict[str, Any]:
    """The story as it went; only its checks where it was not told to its end."""
    if len(susar.seen) != END + 1:
        return {"checks": {"the_story_was_told_to_its_end": False}}
    end = susar.seen[END]
    return {
        "notice": INVENTED,
        "placeholder": {**PLACEHOLDER, "notice": PLACEHOLDER_NOTE},
        "term": BECOMES_ONE.term,
        "grade": BECOMES_ONE.grade,
        "ctcae": "5.0",
        "verdict": susar.verdict,
        "report_id": susar.report_id,
        "case_number": susar.desk.case["number"],
        "reasons": list(end.details["reasons"]),
        "reference_version": end.details["reference_version"],
        "moments": [_moment(one) for one in susar.seen],
        "files": _files(susar),
        "obligations": [{name: one[name] for name in OWED} for one in end.obligations],
        "checks": _checks(susar),
    }


def _moment(seen: Seen) -> dict[str, Any]:
    return {
        "moment": seen.moment,
        "at": format_instant(seen.at),
        "event_class": seen.event_class,
        "obligations": {f"{one['rule']} to {one['recipient']}": one["state"] for one in seen.obligations},
        "in_the_queue": seen.waits,
    }


def _files(susar: Susar) -> list[dict[str, Any]]:
    return [
        {
            "sent_at": file["sent_at"],
            "sha256": file["sha256"],
            "profile": file["profile"],
            "findings": len(file["findings"]),
            "accepted": answer["decided"].get(susar.desk.case["number"]),
        }
        for file, answer in zip(susar.desk.files, susar.desk.answers, strict=True)
    ]


def _checks(susar: Susar) -> Mapping[str, bool]:
    seen = susar.seen
    first, second = susar.desk.files
    number = susar.desk.case["number"]
    return {
        "it_was_a_dlt": susar.verdict == "dlt",
        "it_was_no_susar_before_it_was_assessed": (
            seen[BEFORE].event_class != "SUSAR" and not seen[BEFORE].obligations
        ),
        "the_assessments_made_it_a_susar": (seen[BY_BOTH].event_class, seen[BY_BOTH].provisional)
        == ("SUSAR", False),
        "the_version_approved_at_the_onset_decided": _by_reference(seen[BY_BOTH]) == (IN_FORCE, False),
        "every_file_left_without_a_finding": not first["findings"] and not second["findings"],
        "sending_met_every_obligation": seen[SENT].states() == {"met"} and seen[SENT].waits is False,
        "the_refusal_opened_the_regulators_again": _owed_to(seen[REFUSED]) == {RECEIVER}
        and seen[REFUSED].waits is True,
        "the_clock_ran_on_meanwhile": _due(seen[REFUSED]) == _due(seen[BY_BOTH]),
        "the_corrected_file_was_another_one": first["sha256"] != second["sha256"],
        "the_answers_were_no_and_yes": [one["decided"] for one in susar.desk.answers]
        == [{number: False}, {number: True}],
        "every_obligation_was_met_in_time": all(
            one["state"] == "met" and one["in_time"] is True for one in seen[END].obligations
        ),
        "the_case_is_closed": seen[END].waits is False and susar.alerts_left == 0,
    }


def _by_reference(seen: Seen) -> tuple[Any, Any]:
    return seen.details["reference_version"], seen.details["expected"]


def _owed_to(seen: Seen) -> set[str]:
    return {one["recipient"] for one in seen.obligations if one["state"] == "open"}


def _due(seen: Seen) -> dict[str, Any]:
    return {one["obligation_id"]: one["due_date"] for one in seen.obligations}
