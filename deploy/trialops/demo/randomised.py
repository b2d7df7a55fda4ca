"""An invented randomised trial: minimisation, blinded; the halt that everybody sees; the audit made again.

Blinded people see that children were randomised and how they spread over hospitals and factors. Arms are read by
the unblinded statistician alone, and leave this file neither in words nor as numbers.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from deploy.trialops.calls import Refused
from deploy.trialops.demo.invented import Joined, Told, Unit, network, refusal_of
from deploy.trialops.demo.listing import Listing
from deploy.trialops.demo.office import Office
from deploy.trialops.demo.plan import Crowd, Invented, draw_invented
from deploy.trialops.demo.stage import Person, Stage
from deploy.trialops.demo.timeline import Timeline

PROTOCOL = "rand01"
SITES = ("101", "102", "103", "104")
BEFORE_THE_HALT = 8
NAME = "maintenance"
STATED = ("risk", "age-group")
"""Factors that the investigator states; the hospital is a factor too, which the service knows by itself."""
CROWD = Crowd(
    story="randomised",
    sites=SITES,
    children=12,
    ages=(2, 15),
    days_between=(3, 8),
    levels={"risk": ("high", "standard", "standard")},
)


def stated(child: Invented) -> dict[str, str]:
    """Levels of the factors as the investigator states them; the site is known to the service."""
    return {**child.states, "age-group": "under-10" if child.age_years < 10 else "from-10"}


@dataclass(slots=True)
class Randomised:
    """The story on a stage; `finder` is looked at around the halt."""

    stage: Stage
    timeline: Timeline
    finder: Listing
    seed: int
    _answered: list[Mapping[str, Any]] = field(default_factory=list)

    async def tell(self, code: str, protocol: dict[str, Any]) -> Told:
        office = Office(self.stage, self.timeline, code, network(*SITES))
        await office.set_up(protocol)
        self.finder.codes.append(code)
        unit = Unit(
            stage=self.stage,
            office=office,
            timeline=self.timeline,
            part="maintenance",
            criteria=("remission", "swallows"),
        )
        statistician = self.stage.person("statistician", f"unblinded_statistician:{code}:*")
        await self._prepare(statistician, code)
        children = draw_invented(self.seed, CROWD)
        earlier, later = children[:BEFORE_THE_HALT], children[BEFORE_THE_HALT + 1 :]
        waiting = children[BEFORE_THE_HALT]
        joined = [await self._arrival(unit, child) for child in earlier]
        screening_id, refused = await self._halt(unit, waiting)
        joined.append(await self._randomise(unit, await unit.joined(waiting, screening_id)))
        joined += [await self._arrival(unit, child) for child in later]
        made = await self._as_blinded(unit, joined)
        return self._told(unit, protocol, made, refused, await self._replay(statistician, unit))

    async def _prepare(self, statistician: Person, code: str) -> None:
        # In a real trial nobody but the statistician knows the seed; here it is invented like everything else.
        body = {"seed": f"demonstration, seed {self.seed}"}
        await statistician.post("enrolment", f"/randomisations/{code}/{NAME}/lists", body)
        self.timeline.tell(self.stage.now, "statistician", "records the seed of the randomisation, unblinded")

    async def _arrival(self, unit: Unit, child: Invented) -> Joined:
        await self.stage.move_to(self.stage.now + timedelta(days=child.waits_days))
        return await self._randomise(unit, await unit.join(child))

    async def _randomise(self, unit: Unit, one: Joined) -> Joined:
        levels = stated(one.child)
        made = await unit.investigator(one.child.site).post(
            "enrolment",
            f"/participants/{one.participant_id}/randomisations",
            {"randomisation": NAME, "levels": levels},
        )
        self._answered.append(made)
        said = ", ".join(f"{factor} {level}" for factor, level in levels.items())
        unit.tell(
            one.child.site, f"randomises {one.number} ({said})", "minimisation; the answer names no arm"
        )
        return one

    async def _halt(self, unit: Unit, child: Invented) -> tuple[str, str]:
        """Recruitment halted by one person and started again by two, while a child waits to be registered.

        Returns:
            The child's screening, and the code with which the registration was refused meanwhile.
        """
        office, say = unit.office, self.timeline.tell
        await self.stage.move_to(self.stage.now + timedelta(days=1))
        screening_id = await unit.consented(child)
        await self.finder.look(f"before the halt of {office.code}")
        halt = await office.monitor.post(
            "sponsor",
            "/halts",
            {
                "trial_id": office.trial_id,
                "scope": {"recruitment": True, "dosing": False},
                "reason_code": "product_question",
            },
        )
        await self.stage.quiet()
        say(self.stage.now, "medical monitor", "halts recruitment everywhere", "one person, at once")
        body = {"screening_id": screening_id}
        refused = await refusal_of(unit.investigator(child.site), "/registrations", body)
        unit.tell(child.site, f"asks to register a child: refused {refused}", "halt, guard 4")
        await self.finder.look(f"during the halt of {office.code}")
        path = f"/halts/{halt['halt_id']}"
        await office.manager.post("sponsor", f"{path}/plans", {"plan": "Treatment goes on."})
        asked = {"reason": "The question is answered.", "evidence_id": "answer-1"}
        await office.manager.post("sponsor", f"{path}/lift-requests", asked)
        await office.monitor.post("sponsor", f"{path}/lift-approvals")
        await self.stage.quiet()
        say(self.stage.now, "trial office", "recruitment goes on", "two people")
        await self.finder.look(f"after the halt of {office.code}")
        return screening_id, refused

    async def _as_blinded(self, unit: Unit, joined: Sequence[Joined]) -> list[Mapping[str, Any]]:
        """Every randomisation as the trial office reads it, with the participant and hospital it belongs to."""
        made: list[Mapping[str, Any]] = []
        for one in joined:
            path = f"/participants/{one.participant_id}/randomisations"
            listed = await unit.office.manager.get("enrolment", path)
            of_whom = {"participant_id": one.participant_id, "site_number": one.child.site}
            made += [{**item, **of_whom} for item in listed["items"]]
        return made

    async def _replay(self, statistician: Person, unit: Unit) -> dict[str, Any]:
        """Every draw made again by the unblinded statistician; of the audit only what is drawn for whom is kept."""
        path = f"/randomisations/{unit.office.code}/{NAME}"
        audit = await statistician.get("enrolment", f"{path}/audit", limit=200)
        replay = await statistician.post("enrolment", f"{path}/replays")
        what = f"makes {replay['assignments']} draws again, {len(replay['differences'])} come out differently"
        rule = "counts, random numbers and rule of the audit"
        self.timeline.tell(self.stage.now, "statistician", what, rule)
        return {
            "assignments": replay["assignments"],
            "differences": len(replay["differences"]),
            "drawn": _drawn(audit["items"]),
            "blinded_may_not_read": await _refused_to_read(unit.investigator(SITES[0]), f"{path}/audit"),
        }

    def _told(
        self,
        unit: Unit,
        protocol: Mapping[str, Any],
        made: Sequence[Mapping[str, Any]],
        refused: str,
        replayed: Mapping[str, Any],
    ) -> Told:
        arms = [arm["arm"] for arm in protocol["randomisations"][0]["arms"]]
        seen = json.dumps([*self._answered, *made])
        checks = {
            "every_child_randomised_once": len({one["participant_id"] for one in made})
            == len(made)
            == CROWD.children,
            "replay_equals_every_assignment": replayed["differences"] == 0
            and replayed["assignments"] == len(made)
            and replayed["drawn"] == _drawn(made),
            "blinded_people_saw_no_arm": all(one["arm"] is None for one in made)
            and not any(arm in seen for arm in arms),
            "blinded_people_may_not_read_the_audit": replayed["blinded_may_not_read"],
            "halt_refused_the_registration": refused == "trial_halted",
        }
        facts = {
            "hospitals": len(SITES),
            "randomised": len(made),
            "balance": balance(made),
            "replay": {name: replayed[name] for name in ("assignments", "differences")},
        }
        title = protocol["trial"]["title"]
        return Told(code=unit.office.code, title=title, facts=facts, checks=checks, timeline=self.timeline)


def balance(made: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How many were randomised at each level and hospital: blinded counts, arms taken together."""
    counted: dict[str, Counter[str]] = {factor: Counter() for factor in (*STATED, "site")}
    for one in made:
        for factor in STATED:
            counted[factor][one["levels"][factor]] += 1
        counted["site"][one["site_number"]] += 1
    return {factor: dict(sorted(levels.items())) for factor, levels in counted.items()}


def _drawn(items: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """What was drawn for whom, without the arm."""
    return sorted(
        (
            one["participant_id"],
            one["randomisation_id"],
            one["site_number"],
            *(one["levels"][factor] for factor in STATED),
        )
        for one in items
    )


async def _refused_to_read(person: Person, path: str) -> bool:
    try:
        await person.get("enrolment", path)
    except Refused as refusal:
        return refusal.not_permitted
    return False
