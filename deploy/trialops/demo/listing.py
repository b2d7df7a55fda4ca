"""The trial finder as a referrer reads it, at several moments of the story: counts, never a participant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.trialops.demo.stage import Stage
from shared.clock import format_instant

RECRUITING = ("open", "open_no_place_free")


@dataclass(slots=True)
class Listing:
    """What the finder said of the trials named in `codes`, moment by moment."""

    stage: Stage
    codes: list[str] = field(default_factory=list)
    moments: list[dict[str, Any]] = field(default_factory=list)

    async def look(self, moment: str) -> None:
        """Read the finder and keep what it says now, under this name."""
        trials = [_counts(trial) for trial in await self.entries()]
        self.moments.append({"moment": moment, "at": format_instant(self.stage.now), "trials": trials})

    async def entries(self) -> list[Mapping[str, Any]]:
        """The finder's entries of these trials, in the order of `codes`; read by somebody without any grant."""
        referrer = self.stage.person("demo-referrer")
        found: dict[str, Mapping[str, Any]] = {}
        query: dict[str, Any] = {"limit": 200}
        while True:
            page = await referrer.get("enrolment", "/trial-finder", **query)
            found |= {trial["code"]: trial for trial in page["items"]}
            if page["next_cursor"] is None:
                return [found[code] for code in self.codes if code in found]
            query["cursor"] = page["next_cursor"]


def _counts(trial: Mapping[str, Any]) -> dict[str, Any]:
    shared = [part for part in trial["parts"] if part["slots_open"] is not None]
    return {
        "code": trial["code"],
        "status": trial["status"],
        "hospitals": len(trial["sites"]),
        "hospitals_recruiting": sum(site["status"] in RECRUITING for site in trial["sites"]),
        "places_free": sum(part["slots_open"] for part in shared) if shared else None,
        "waiting": sum(part["waiting"] for part in shared) if shared else None,
    }


def described(trial: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as the page shows it."""
    return {
        "code": trial["code"],
        "status": trial["status"],
        "title": trial["entry"]["plain_title"],
        "summary": trial["entry"]["plain_summary"],
        "conditions": trial["entry"]["conditions"],
        "treatment": trial["entry"]["treatment_type"],
        "ages": [[part["age_from_years"], part["age_below_years"]] for part in trial["parts"]],
        "hospitals": [site["organisation"] for site in trial["sites"]],
    }
