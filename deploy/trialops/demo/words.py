"""What came of the invented trials and what the finder said, in words: the same on the terminal and on the page."""

from collections.abc import Mapping
from typing import Any

STATUS = {
    "in_set_up": "not open yet",
    "open": "open",
    "open_no_place_free": "open, no place free",
    "paused": "paused",
    "closed_results_awaited": "closed, results awaited",
    "closed_with_results": "closed, results out",
}


def in_words(story: str, trial: Mapping[str, Any]) -> str:
    """One sentence about a told trial, as `--json` gives it."""
    match story:
        case "randomised":
            replay = trial["replay"]
            return (
                f"{trial['randomised']} children randomised by minimisation at {trial['hospitals']} hospitals, "
                f"blinded; made again from the audit: {replay['assignments']} draws, "
                f"{replay['differences']} differences"
            )
        case "samples":
            states = ", ".join(f"{number} {state}" for state, number in trial["states"].items())
            return f"{len(trial['samples'])} samples collected with consent use by use; now {states}"
        case _:
            failed = sum(step["outcome"] == "failed" for one in trial["children"] for step in one["steps"])
            died = sum(one["died"] for one in trial["children"])
            return (
                f"{len(trial['children'])} children infused after {failed} failed manufacture; on "
                f"{trial['as_of']} {len(trial['due'])} visits are due; {died} died, of whom nothing is due"
            )


def counted_in_words(trial: Mapping[str, Any]) -> str:
    """Status and counts of one trial in the finder."""
    places = ""
    if trial["places_free"] is not None:
        places = f", {trial['places_free']} places free, {trial['waiting']} waiting"
    recruiting = f"{trial['hospitals_recruiting']} of {trial['hospitals']} hospitals recruiting"
    return f"{STATUS[trial['status']]}, {recruiting}{places}"
