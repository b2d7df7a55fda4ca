"""The order of events: who comes when, what becomes of them, and what the committee then does.

The director forces nothing. Before each step it asks the sponsor what the design recommends; when that is not
what the published story needs, the story fails and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from deploy.trialops.demo.agenda import Act, Agenda
from deploy.trialops.demo.hospital import PLANNED_DOSES, ZONE, Hospitals, Registered, Screened
from deploy.trialops.demo.listing import Listing
from deploy.trialops.demo.office import Office
from deploy.trialops.demo.plan import Child, CohortPlan
from deploy.trialops.demo.published import Fate
from deploy.trialops.demo.stage import Stage, StoryFailed, eventually
from deploy.trialops.demo.susar import Susar
from deploy.trialops.demo.timeline import Timeline

VISIT_DAYS = (8, 15, 22)
WINDOW_DAYS = 28


@dataclass(frozen=True, slots=True)
class ClosedLevel:
    """A level that a report closed: the report that did it, and how it reads."""

    level: str
    part: str
    number: int
    report_id: str


@dataclass(slots=True)
class Director:
    """Tells the whole story on a stage; the finder is read once the first places are open."""

    stage: Stage
    office: Office
    hospitals: Hospitals
    timeline: Timeline
    finder: Listing
    closed: list[ClosedLevel] = field(default_factory=list)
    susar: Susar = field(init=False)
    _agenda: Agenda = field(init=False)

    def __post_init__(self) -> None:
        self._agenda = Agenda(self.stage)
        self.susar = Susar(self.stage, self.timeline, self.office.code, self.office.monitor, ZONE)

    async def tell(self, plans: Sequence[CohortPlan]) -> None:
        """Stratum I, its expansion, stratum II, its expansion, as published.

        Raises:
            StoryFailed: the rules decided otherwise than the story needs.
        """
        one_50, one_75, one_95, refill, one_more, two_50, two_75, two_more = plans
        await self.susar.prepare()
        await self._open("stratum-1", 1, 6, "opens 50 mg/m2 of stratum I with six places")
        await self.finder.look("when the first level of the published trial was opened")
        await self._cohort(one_50)
        await self._expect("stratum-1", "escalate", 2)
        await self._open("stratum-1", 2, 6, "opens 75 mg/m2 of stratum I with six places")
        await self._cohort(one_75)
        await self._expect("stratum-1", "escalate", 3)
        await self._open("stratum-1", 3, 6, "opens 95 mg/m2 of stratum I with six places")
        await self._cohort(one_95)
        await self._expect("stratum-1", "deescalate", 2)
        await self._open("stratum-1", 2, 3, "goes back to 75 mg/m2 in stratum I and fills it to six")
        await self._cohort(refill)
        await self._expect("stratum-1", "complete", 2)
        text = "expands 75 mg/m2 of stratum I by six places, under its own boundary"
        await self.office.decide("stratum-1-expansion", "expand", 1, text, places=6)
        await self._cohort(one_more)
        await self.office.decide("stratum-1", "declare_mtd", 2, "declares 75 mg/m2 the MTD of stratum I")
        await self._open("stratum-2", 1, 6, "opens stratum II one level below, at 50 mg/m2")
        await self._cohort(two_50)
        await self._expect("stratum-2", "escalate", 2)
        await self._open("stratum-2", 2, 6, "opens 75 mg/m2 of stratum II, its highest level")
        await self._cohort(two_75)
        await self._expect("stratum-2", "complete", 2)
        text = "expands 75 mg/m2 of stratum II towards twelve, under its own boundary"
        await self.office.decide("stratum-2-expansion", "expand", 1, text, places=6)
        await self._cohort(two_more)
        text = "closes the expansion of stratum II early: accrual is too slow"
        await self.office.decide("stratum-2-expansion", "close_level", 1, text, restricting=True)
        await self.office.decide("stratum-2", "declare_mtd", 2, "declares 75 mg/m2 the MTD of stratum II")

    # -- committee ----------------------------------------------------------------------------------

    async def _open(self, part: str, level: int, places: int, text: str) -> None:
        await self.stage.move_to(self.stage.now + timedelta(days=1))
        await self.office.decide(part, "open_level", level, text, places=places)

    async def _expect(self, part: str, kind: str, level: int) -> None:
        async def differs() -> str:
            found = await self.office.recommendation(part)
            if (found["kind"], found["next_level"]) == (kind, level):
                return ""
            return f"{part}: the design says {found['kind']} {found['next_level']}, the paper {kind} {level}"

        await eventually(differs, seconds=5)
        found = await self.office.recommendation(part)
        cell = found["cell"]
        rule = f"{cell['source']['id']} cell n={cell['n']} dlt={cell['dlt']} pending={cell['pending']}"
        what = f"recommends {kind.replace('_', ' ')}, level {level} of {part}"
        self.timeline.tell(self.stage.now, "design", what, rule)

    # -- hospitals ----------------------------------------------------------------------------------

    async def _cohort(self, plan: CohortPlan) -> None:
        """Everything of one cohort: arrivals in their order, and what follows for each child."""
        arrives = self.stage.now + timedelta(hours=2)
        for child in plan.children:
            arrives += timedelta(days=child.waits_days)
            self._at(arrives, self._arrival(child, plan))
        await self._agenda.run()

    def _arrival(self, child: Child, plan: CohortPlan) -> Act:
        async def arrive() -> None:
            screened = await self.hospitals.screen(child, plan.cohort)
            slot_id = await self.hospitals.ask_for_place(screened)
            if slot_id is None:
                self._at(self.stage.now + timedelta(days=1), lambda: self._ask_again(screened, days_left=60))
            else:
                await self._register(screened, slot_id)

        return arrive

    async def _ask_again(self, screened: Screened, *, days_left: int) -> None:
        slot_id = await self.hospitals.take_offer(screened)
        if slot_id is not None:
            await self._register(screened, slot_id)
            return
        if days_left == 0:
            raise StoryFailed(f"no place became free for {screened.number}, whom the paper has")
        again = partial(self._ask_again, screened, days_left=days_left - 1)
        self._at(self.stage.now + timedelta(days=1), again)

    async def _register(self, screened: Screened, slot_id: str) -> None:
        await self.hospitals.sign_eligibility(screened)
        one = await self.hospitals.register(screened, slot_id)
        if one.child.fate is Fate.NEVER_TREATED:
            self._at(self.stage.now + timedelta(days=2), lambda: self.hospitals.end_treatment(one))
            return
        self._at(one.first_dose_at, lambda: self.hospitals.give_first_dose(one))
        self._plan_doses(one)
        self._plan_end(one)

    def _plan_doses(self, one: Registered) -> None:
        """Doses are recorded at weekly visits; the last record is on the last day they were given."""
        done, child = 1, one.child
        stops = [day for day in VISIT_DAYS if day <= child.doses] + [child.doses]
        for stop in sorted(set(stops)):
            if stop > done:
                recording = partial(self.hospitals.record_doses, one, done + 1, stop)
                self._at(self._day(one, stop, hours=4), recording)
                done = stop
        if child.fate is Fate.CLEAR and child.doses < PLANNED_DOSES:
            missed = range(child.doses + 1, PLANNED_DOSES + 1)
            self._at(
                self._day(one, PLANNED_DOSES, hours=5), lambda: self.hospitals.record_missed(one, missed)
            )
        if child.mild:
            self._at(self._day(one, 4, hours=1), lambda: self.hospitals.report_mild_event(one))

    def _plan_end(self, one: Registered) -> None:
        child = one.child
        if child.fate is Fate.CLEAR:
            self._at(self._day(one, WINDOW_DAYS + 1, hours=18), lambda: self._window_over(one))
            return
        if child.fate is Fate.DLT:
            self._at(self._day(one, child.event_day, hours=1), lambda: self._toxicity(one))
        self._at(self._day(one, child.event_day, hours=6), lambda: self.hospitals.end_treatment(one))
        if child.fate is not Fate.DLT:
            self._at(self._day(one, WINDOW_DAYS + 1, hours=18), lambda: self._window_over(one))

    async def _window_over(self, one: Registered) -> None:
        verdict = await self._verdict(one)
        self.timeline.course_of(one.number).verdict = verdict
        what = f"{one.number}: window over, {verdict.replace('_', ' ')}"
        self.timeline.tell(self.stage.now, "safety", what, "timer, DLT definition of the protocol")

    async def _toxicity(self, one: Registered) -> None:
        before = await self._open_levels()
        receipt = await self.hospitals.report_toxicity(one)
        await self.stage.quiet()
        verdict = await self._verdict(one)
        course = self.timeline.course_of(one.number)
        course.verdict, course.dlt_at = verdict, self.stage.now
        what = f"{one.number}: verdict {verdict}"
        self.timeline.tell(self.stage.now, "safety", what, "criterion of the protocol, no human step")
        for part, level in sorted(before - await self._open_levels()):
            name = f"{one.dose} mg/m2, {part}"
            self.closed.append(ClosedLevel(name, part, level, receipt["report_id"]))
            self.timeline.tell(
                self.stage.now, "enrolment", f"closes {name}", "cohort rule of the signed decision"
            )
            self.timeline.mark(self.stage.now, f"{name} closed by the report", restricting=True)
        self.susar.follow(self._agenda, one, receipt["report_id"], verdict)

    async def _verdict(self, one: Registered) -> str:
        listed = await self.office.monitor.get("safety", f"/participants/{one.participant_id}/dlt-verdicts")
        return str(listed["versions"][-1]["verdict"])

    async def _open_levels(self) -> set[tuple[str, int]]:
        listed = await self.office.manager.get("enrolment", "/dose-levels", trial=self.office.code)
        return {(one["part"], one["level"]) for one in listed["levels"] if one["state"] == "open"}

    def _day(self, one: Registered, day: int, *, hours: int) -> datetime:
        """`hours` after the time of the first dose, on this day of treatment (day 1 is the first dose's)."""
        return one.first_dose_at + timedelta(days=day - 1, hours=hours)

    def _at(self, at: datetime, act: Act) -> None:
        self._agenda.at(at, act)
