"""An invented trial of CAR-T cells: apheresis, manufacture with one failure, infusion, and years of follow-up.

One child dies in the second year; nothing is due of that child afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from deploy.trialops.demo.agenda import Agenda
from deploy.trialops.demo.invented import ZONE, Joined, Told, Unit, network
from deploy.trialops.demo.listing import Listing
from deploy.trialops.demo.office import Office
from deploy.trialops.demo.plan import Crowd, Invented, draw_invented
from deploy.trialops.demo.stage import Stage
from deploy.trialops.demo.timeline import Timeline
from shared.clock import format_instant, parse_instant

PROTOCOL = "cart01"
SITES = ("201", "202")
CROWD = Crowd(story="car-t", sites=SITES, children=4, ages=(2, 9), days_between=(2, 4))
FAILS, DIES = 1, 2
"""Which child's cells cannot be made the first time, and which child dies."""
YEARS = 5
"""Years after the last infusion at which the story ends."""
MISSED_YEAR = 3
NEVER = datetime.max.replace(tzinfo=UTC)
OPEN = ("not_yet", "due", "overdue")


def local_day(instant: datetime) -> str:
    """The date at the hospitals."""
    return instant.astimezone(ZONE).date().isoformat()


@dataclass(slots=True)
class Patient:
    """A child with the days that the rest of the story counts from."""

    one: Joined
    infused_at: datetime = NEVER
    failures: int = 0
    flags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Cells:
    """The story on a stage."""

    stage: Stage
    timeline: Timeline
    finder: Listing
    seed: int
    _patients: list[Patient] = field(default_factory=list)
    _to_do_before: int = 0

    async def tell(self, code: str, protocol: dict[str, Any]) -> Told:
        office = Office(self.stage, self.timeline, code, network(*SITES))
        await office.set_up(protocol)
        self.finder.codes.append(code)
        unit = Unit(
            stage=self.stage,
            office=office,
            timeline=self.timeline,
            part="cells",
            criteria=("relapse", "organ-function"),
        )
        await self._treat(unit)
        await self._follow(unit)
        return await self._told(unit, protocol)

    # -- treatment ----------------------------------------------------------------------------------

    async def _treat(self, unit: Unit) -> None:
        agenda, arrives = Agenda(self.stage), self.stage.now
        for number, child in enumerate(draw_invented(self.seed, CROWD)):
            arrives += timedelta(days=child.waits_days)
            agenda.at(arrives, partial(self._arrival, unit, agenda, child, number))
        await agenda.run()

    async def _arrival(self, unit: Unit, agenda: Agenda, child: Invented, number: int) -> None:
        patient = Patient(one=await unit.join(child))
        self._patients.append(patient)
        agenda.at(self._after(1), partial(self._step, unit, patient, "apheresis"))
        made = 15
        if number == FAILS:
            failing = partial(
                self._step, unit, patient, "manufacture", outcome="failed", batch=f"B-{number}-1"
            )
            agenda.at(self._after(made), failing)
            made += 16
        batch = f"B-{number}"
        agenda.at(self._after(made), partial(self._step, unit, patient, "manufacture", batch=batch))
        infused_at = self._after(made + 6)
        agenda.at(self._after(made + 2), partial(self._prepare, unit, patient, infused_at))
        agenda.at(infused_at, partial(self._infuse, unit, patient, batch))

    def _after(self, days: int) -> datetime:
        return self.stage.now + timedelta(days=days)

    async def _step(
        self, unit: Unit, patient: Patient, step: str, *, outcome: str = "done", batch: str = ""
    ) -> None:
        site, path = patient.one.child.site, f"/participants/{patient.one.participant_id}/course-steps"
        body = {"step": step, "happened_at": format_instant(self.stage.now), "outcome": outcome}
        if batch:
            body["batch"] = batch
        recorded = await unit.investigator(site).post("enrolment", path, body)
        patient.failures += outcome == "failed"
        patient.flags += recorded["flags"]
        words = f"{step} failed" if outcome == "failed" else step
        what = f"{patient.one.number}: {words}" + (f", batch {batch}" if batch else "")
        unit.tell(site, what, "recorded as it happened")

    async def _prepare(self, unit: Unit, patient: Patient, infused_at: datetime) -> None:
        """Once the child is being prepared the infusion is authorised: cells thawed are not to wait for paper."""
        await self._step(unit, patient, "lymphodepletion")
        site, path = patient.one.child.site, f"/participants/{patient.one.participant_id}/dose-authorisations"
        body = {"planned_at": format_instant(infused_at)}
        await unit.investigator(site).post("enrolment", path, body)
        unit.tell(site, f"{patient.one.number}: infusion authorised", "every guard of a dose")

    async def _infuse(self, unit: Unit, patient: Patient, batch: str) -> None:
        await self._step(unit, patient, "infusion", batch=batch)
        patient.infused_at = self.stage.now

    # -- follow-up ----------------------------------------------------------------------------------

    async def _follow(self, unit: Unit) -> None:
        """A visit of each child on day 28, then of all together once a year; the last year's are left to be done."""
        agenda, begin = Agenda(self.stage), self.stage.now
        for patient in self._patients:
            day_28 = patient.infused_at + timedelta(days=28)
            agenda.at(max(day_28, begin), partial(self._visits, unit, "day-28", 28, [patient]))
        for year in range(1, YEARS):
            visits = partial(self._visits, unit, "yearly", 365 * year, self._patients)
            agenda.at(begin + timedelta(days=365 * year), visits)
        agenda.at(begin + timedelta(days=430), partial(self._death, unit, self._patients[DIES]))
        agenda.at(begin + timedelta(days=365 * YEARS), self._end)
        await agenda.run()

    async def _end(self) -> None:
        self.timeline.tell(self.stage.now, "hospitals", f"look at the worklist {YEARS} years later")

    async def _visits(self, unit: Unit, visit: str, day: int, patients: Sequence[Patient]) -> None:
        """Record this visit of those of whom the worklist says that it is due; one child misses one year."""
        due = {
            one["participant_id"]
            for one in await self._worklist(unit)
            if (one["visit"], one["day"], one["state"]) == (visit, day, "due")
        }
        seen = [patient for patient in patients if patient.one.participant_id in due]
        for patient in seen:
            missed = patient is self._patients[0] and day == 365 * MISSED_YEAR
            body = {
                "visit": visit,
                "day": day,
                "outcome": "missed" if missed else "done",
                "happened_on": unit.today().isoformat(),
            }
            site, path = (
                patient.one.child.site,
                f"/participants/{patient.one.participant_id}/follow-up-contacts",
            )
            await unit.nurse(site).post("enrolment", path, body)
            what = f"{patient.one.number}: {visit} visit, day {day}, {body['outcome']}"
            unit.tell(site, what, "due by the date of infusion")

    async def _death(self, unit: Unit, patient: Patient) -> None:
        self._to_do_before = len(await self._open_entries(unit, patient))
        body = {"died_on": unit.today().isoformat(), "cause": "progression"}
        site, path = patient.one.child.site, f"/participants/{patient.one.participant_id}/deaths"
        await unit.investigator(site).post("enrolment", path, body)
        rule = f"{self._to_do_before} visits cancelled at once"
        unit.tell(site, f"{patient.one.number} has died (invented)", rule)

    async def _worklist(self, unit: Unit, **query: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        asked = {"trial": unit.office.code, "limit": 200} | query
        while True:
            page = await unit.office.manager.get("enrolment", "/follow-up-worklist", **asked)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            asked["cursor"] = page["next_cursor"]

    async def _open_entries(self, unit: Unit, patient: Patient) -> list[Mapping[str, Any]]:
        plan = await self._plan(unit, patient)
        return [entry for entry in plan["entries"] if entry["state"] in OPEN]

    async def _plan(self, unit: Unit, patient: Patient) -> Mapping[str, Any]:
        path = f"/participants/{patient.one.participant_id}/follow-up"
        plan: Mapping[str, Any] = await unit.nurse(patient.one.child.site).get("enrolment", path)
        return plan

    # -- what came of it ----------------------------------------------------------------------------

    async def _told(self, unit: Unit, protocol: Mapping[str, Any]) -> Told:
        due = await self._worklist(unit)
        until = (unit.today() + timedelta(days=15 * 366)).isoformat()
        ever = await self._worklist(unit, until=until)
        dead = self._patients[DIES]
        children = [await self._child(unit, patient) for patient in self._patients]
        facts = {
            "hospitals": len(SITES),
            "as_of": unit.today().isoformat(),
            "children": children,
            "due": [
                {
                    name: one[name]
                    for name in ("participant_number", "label", "day", "due_on", "closes_on", "state")
                }
                for one in due
            ],
            "to_do_in_fifteen_years": len(ever),
            "cancelled_by_the_death": self._to_do_before,
        }
        of_the_dead = [one for one in ever if one["participant_id"] == dead.one.participant_id]
        expected = {patient.one.number for patient in self._patients if patient is not dead}
        checks = {
            "one_manufacture_failed": sum(patient.failures for patient in self._patients) == 1,
            "every_course_in_order": not any(patient.flags for patient in self._patients),
            "nothing_due_after_the_death": not of_the_dead and not await self._open_entries(unit, dead),
            "something_was_due_before_the_death": self._to_do_before > 0,
            "everybody_else_is_on_the_worklist": {one["participant_number"] for one in due} == expected,
        }
        return Told(
            code=unit.office.code,
            title=protocol["trial"]["title"],
            facts=facts,
            checks=checks,
            timeline=self.timeline,
        )

    async def _child(self, unit: Unit, patient: Patient) -> dict[str, Any]:
        """One line of the page: steps and the visits by their state."""
        path = f"/participants/{patient.one.participant_id}/course"
        course = await unit.nurse(patient.one.child.site).get("enrolment", path)
        plan = await self._plan(unit, patient)
        states = [entry["state"] for entry in plan["entries"]]
        return {
            "number": patient.one.number,
            "steps": [
                {
                    "step": one["step"],
                    "on": local_day(parse_instant(one["happened_at"])),
                    "outcome": one["outcome"],
                }
                for one in course["steps"]
            ],
            "infused_on": local_day(patient.infused_at),
            "traceable_until": course["traceable_until"],
            "follow_up_ends_on": plan["ends_on"],
            "visits": {state: states.count(state) for state in sorted(set(states))},
            "died": patient is self._patients[DIES],
        }
