"""An invented sample study: consent use by use, collection, onward transfer, and a destruction after a stop."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.trialops.demo.invented import Joined, Told, Unit, network, refusal_of
from deploy.trialops.demo.listing import Listing
from deploy.trialops.demo.office import Office
from deploy.trialops.demo.plan import Crowd, draw_invented
from deploy.trialops.demo.stage import Stage
from deploy.trialops.demo.timeline import Timeline
from shared.clock import format_instant

PROTOCOL = "tiss01"
SITES = ("301", "302")
HERE, LATER = "this-study", "later-studies"
CONSENTED = ((True, True), (True, False), (True, True), (True, False))
"""What each family agrees to: use in this study, use in later studies."""
CROWD = Crowd(story="samples", sites=SITES, children=len(CONSENTED), ages=(1, 15), days_between=(1, 4))
STOPS = 2
"""Which of them stops the use of samples afterwards."""
LABORATORY = "Invented laboratory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A sample and whose it is."""

    one: Joined
    sample_id: str
    label: str
    uses: Mapping[str, bool]


@dataclass(slots=True)
class Samples:
    """The story on a stage."""

    stage: Stage
    timeline: Timeline
    finder: Listing
    seed: int

    async def tell(self, code: str, protocol: dict[str, Any]) -> Told:
        office = Office(self.stage, self.timeline, code, network(*SITES))
        await office.set_up(protocol)
        self.finder.codes.append(code)
        unit = Unit(
            stage=self.stage,
            office=office,
            timeline=self.timeline,
            part="samples",
            criteria=("treated-here",),
        )
        taken = await self._collect(unit)
        await self.stage.move_to(self.stage.now + timedelta(days=3))
        for sample in taken:
            await self._pass_on(unit, sample, HERE)
        refused = await self._not_consented(unit, taken[1])
        await self._pass_on(unit, taken[0], LATER)
        await self.stage.move_to(self.stage.now + timedelta(days=30))
        asked, left = await self._stop(unit, taken[STOPS])
        return await self._told(unit, protocol, taken, refused=refused, asked=asked, left=left)

    async def _collect(self, unit: Unit) -> list[Taken]:
        taken = []
        children = zip(draw_invented(self.seed, CROWD), CONSENTED, strict=True)
        for number, (child, (here, later)) in enumerate(children, start=1):
            await self.stage.move_to(self.stage.now + timedelta(days=child.waits_days))
            uses = {HERE: here, LATER: later}
            one = await unit.join(child, uses)
            label = f"{unit.office.code}-{number}"
            body = {"material": "blood", "label": label, "collected_at": format_instant(self.stage.now)}
            path = f"/participants/{one.participant_id}/samples"
            sample = await unit.nurse(child.site).post("enrolment", path, body)
            agreed = " and ".join(use for use, given in uses.items() if given)
            unit.tell(child.site, f"collects {label} from {one.number}", f"consented to {agreed}")
            taken.append(Taken(one=one, sample_id=sample["sample_id"], label=label, uses=uses))
        return taken

    async def _pass_on(self, unit: Unit, sample: Taken, use: str) -> None:
        site = sample.one.child.site
        await unit.nurse(site).post(
            "enrolment", f"/samples/{sample.sample_id}/transfers", self._transfer(use)
        )
        unit.tell(site, f"passes {sample.label} on to the {LABORATORY.lower()}", f"use {use} is consented to")

    async def _not_consented(self, unit: Unit, sample: Taken) -> str:
        site = sample.one.child.site
        path = f"/samples/{sample.sample_id}/transfers"
        refused = await refusal_of(unit.nurse(site), path, self._transfer(LATER))
        unit.tell(site, f"asks to pass {sample.label} on for {LATER}: refused {refused}", "consent by use")
        return refused

    def _transfer(self, use: str) -> dict[str, str]:
        return {"passed_to": LABORATORY, "use": use, "at": format_instant(self.stage.now)}

    async def _stop(self, unit: Unit, sample: Taken) -> tuple[list[str], int]:
        """A family stops the use of samples: what is then to be destroyed, and how much after it was."""
        site, participant = sample.one.child.site, sample.one.participant_id
        body = {"elements": {"sample_use": "stopped"}, "by": "participant_or_parent"}
        await unit.nurse(site).post("enrolment", f"/participants/{participant}/participation-changes", body)
        unit.tell(site, f"{sample.one.number} stops the use of samples", "nobody is asked why")
        asked = [one["label"] for one in await self._waiting(unit)]
        await self.stage.move_to(self.stage.now + timedelta(days=2))
        destroyed = {"at": format_instant(self.stage.now)}
        await unit.nurse(site).post("enrolment", f"/samples/{sample.sample_id}/destructions", destroyed)
        unit.tell(site, f"{sample.label} is destroyed", "asked for by the stop")
        return asked, len(await self._waiting(unit))

    async def _waiting(self, unit: Unit) -> list[Mapping[str, Any]]:
        page = await unit.office.manager.get("enrolment", "/sample-destructions", trial=unit.office.code)
        items: list[Mapping[str, Any]] = page["items"]
        return items

    async def _told(
        self,
        unit: Unit,
        protocol: Mapping[str, Any],
        taken: list[Taken],
        *,
        refused: str,
        asked: list[str],
        left: int,
    ) -> Told:
        shown = [await self._shown(unit, sample) for sample in taken]
        states = Counter(one["state"] for one in shown)
        facts = {
            "hospitals": len(SITES),
            "samples": [
                {
                    "label": sample.label,
                    "consented": [use for use, given in sample.uses.items() if given],
                    "happened": ["collected", *(one["happening"] for one in now["happened"])],
                    "state": now["state"],
                }
                for sample, now in zip(taken, shown, strict=True)
            ],
            "states": dict(sorted(states.items())),
        }
        checks = {
            "use_without_consent_refused": refused == "sample_use_not_consented",
            "stop_asked_for_one_destruction": asked == [taken[STOPS].label],
            "nothing_waits_for_destruction": left == 0,
            "others_untouched": states == {"transferred": len(taken) - 1, "destroyed": 1},
        }
        return Told(
            code=unit.office.code,
            title=protocol["trial"]["title"],
            facts=facts,
            checks=checks,
            timeline=self.timeline,
        )

    async def _shown(self, unit: Unit, sample: Taken) -> Mapping[str, Any]:
        path = f"/participants/{sample.one.participant_id}/samples"
        listed = await unit.nurse(sample.one.child.site).get("enrolment", path)
        found: Mapping[str, Any] = next(one for one in listed["items"] if one["id"] == sample.sample_id)
        return found
