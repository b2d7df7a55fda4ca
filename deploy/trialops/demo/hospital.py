"""The hospitals: screening, consent, registration, doses, and what they report to safety."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.trialops.demo.joining import Forms, month_of_birth, sign_forms
from deploy.trialops.demo.plan import Child
from deploy.trialops.demo.published import Cohort, Fate
from deploy.trialops.demo.stage import Person, Stage
from deploy.trialops.demo.timeline import Course, Timeline
from shared.clock import format_instant, parse_instant

ZONE = ZoneInfo("America/New_York")
CRITERIA = ("diagnosis", "measurable", "organ-function")
PLANNED_DOSES = 21
FORMS = Forms(own_consent_from=18, assent="assent-7-17")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """A child with a screening number, consented, before registration."""

    child: Child
    cohort: Cohort
    screening_id: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A child after registration, as the story goes on with it."""

    child: Child
    cohort: Cohort
    participant_id: str
    number: str
    dose: str
    first_dose_at: datetime


class Hospitals:
    """Everybody at the trial units."""

    def __init__(self, stage: Stage, timeline: Timeline, code: str) -> None:
        self._stage = stage
        self._timeline = timeline
        self._code = code

    async def screen(self, child: Child, cohort: Cohort) -> Screened:
        """Screening number, age, consent and assent."""
        nurse = self._nurse(child.site)
        screening = await nurse.post(
            "enrolment",
            "/screenings",
            {
                "trial": self._code,
                "part": cohort.part,
                "site_number": child.site,
                "born": month_of_birth(child.age_years, child.birth_month, self._today()),
            },
        )
        await self._consent(child, f"/screenings/{screening['screening_id']}")
        return Screened(
            child=child,
            cohort=cohort,
            screening_id=screening["screening_id"],
            number=screening["screening_number"],
        )

    async def ask_for_place(self, screened: Screened) -> str | None:
        """The slot that is now held for the child; None while the request waits in line."""
        place = await self._nurse(screened.child.site).post(
            "enrolment",
            "/reservation-requests",
            {"trial": self._code, "part": screened.cohort.part, "screening_id": screened.screening_id},
        )
        if place["outcome"] == "reserved":
            return str(place["slot_id"])
        what = f"{screened.number} waits for a place, position {place['position']}"
        self._timeline.tell(self._stage.now, f"hospital {screened.child.site}", what, "slot policy")
        return None

    async def take_offer(self, screened: Screened) -> str | None:
        """The slot that was offered to the child meanwhile, now reserved; None while nothing is offered."""
        nurse = self._nurse(screened.child.site)
        waiting = await nurse.get("enrolment", "/waiting-list", trial=self._code)
        for offer in waiting["offers"]:
            if offer["screening_number"] == screened.number:
                body = {"screening_id": screened.screening_id}
                await nurse.post("enrolment", f"/slots/{offer['slot_id']}/reservations", body)
                what = f"{screened.number} takes the place that became free"
                self._timeline.tell(self._stage.now, f"hospital {screened.child.site}", what, "replacement")
                return str(offer["slot_id"])
        return None

    async def sign_eligibility(self, screened: Screened) -> None:
        """Every criterion met, and in the child's interests by the investigator's judgement."""
        await self._investigator(screened.child.site).post(
            "enrolment",
            f"/screenings/{screened.screening_id}/eligibility",
            {
                "version": "1",
                "answers": dict.fromkeys(CRITERIA, True),
                "judgement": {"in_interests": True},
                "signed_at": format_instant(self._stage.now),
            },
        )

    async def register(self, screened: Screened, slot_id: str) -> Registered:
        """Registration, under every guard, of a child whose eligibility is signed."""
        child = screened.child
        registered = await self._investigator(child.site).post(
            "enrolment",
            "/registrations",
            {
                "screening_id": screened.screening_id,
                "slot_id": slot_id,
                "age_statement": {"years": child.age_years, "on": self._today().isoformat()},
            },
        )
        self._tell_registered(child, registered)
        return Registered(
            child=child,
            cohort=screened.cohort,
            participant_id=registered["participant_id"],
            number=registered["participant_number"],
            dose=registered["confirmation"]["dose"],
            first_dose_at=parse_instant(registered["registered_at"]) + timedelta(days=1),
        )

    async def give_first_dose(self, one: Registered) -> None:
        """Authorise the course and record its first dose."""
        investigator = self._investigator(one.child.site)
        authorised = await investigator.post(
            "enrolment",
            f"/participants/{one.participant_id}/dose-authorisations",
            {"planned_at": format_instant(self._stage.now), "doses": PLANNED_DOSES},
        )
        # Our own clock runs some milliseconds behind: a dose by it would come before its authorisation.
        at = parse_instant(authorised["authorised_at"])
        await self._record(one, [at])
        course = self._timeline.course_of(one.number)
        course.first_dose_at, course.ended_at = at, at + timedelta(days=28)

    async def record_doses(self, one: Registered, first_day: int, last_day: int) -> None:
        """Record the daily doses of these days of treatment, given as far as the child got them."""
        given = [one.first_dose_at + timedelta(days=day - 1) for day in range(first_day, last_day + 1)]
        await self._record(one, given)

    async def record_missed(self, one: Registered, days: range) -> None:
        missed = [one.first_dose_at + timedelta(days=day - 1) for day in days]
        await self._record(one, missed, missed_because="logistics")

    async def report_mild_event(self, one: Registered) -> None:
        """A nausea that is neither serious nor dose-limiting: the everyday report."""
        await self._report(one, "Nausea", 1, "mild nausea, no treatment needed", seriousness=[])
        self._timeline.tell(
            self._stage.now, f"hospital {one.child.site}", f"reports grade 1 nausea of {one.number}"
        )

    async def report_toxicity(self, one: Registered) -> Mapping[str, Any]:
        """The report of what may be a DLT; the hospital states facts, nobody ticks "DLT"."""
        toxicity = one.child.toxicity
        assert toxicity is not None
        receipt = await self._report(
            one,
            toxicity.term,
            toxicity.grade,
            f"grade {toxicity.grade} {toxicity.term.lower()}",
            seriousness=[],
        )
        what = f"reports grade {toxicity.grade} {toxicity.term.lower()} of {one.number} at {one.dose} mg/m2"
        self._timeline.tell(
            self._stage.now, f"hospital {one.child.site}", what, "intake refuses nothing readable"
        )
        return receipt

    async def end_treatment(self, one: Registered) -> None:
        investigator, path = self._investigator(one.child.site), f"/participants/{one.participant_id}"
        if one.child.fate in (Fate.WITHDREW, Fate.NEVER_TREATED):
            # A participant stops without a reason; that ends treatment too.
            await investigator.post(
                "enrolment",
                f"{path}/participation-changes",
                {"elements": {"treatment": "stopped"}, "by": "participant_or_parent"},
            )
        else:
            reason = {Fate.DLT: "toxicity", Fate.PROGRESSED: "progression"}[one.child.fate]
            body = {"ended_at": format_instant(self._stage.now), "reason": reason}
            await investigator.post("enrolment", f"{path}/treatment-ends", body)
        hospital = f"hospital {one.child.site}"
        self._timeline.tell(self._stage.now, hospital, f"{one.number} {one.child.fate.value}")
        self._timeline.course_of(one.number).ended_at = self._stage.now

    # -- small acts ---------------------------------------------------------------------------------

    def _investigator(self, site: str) -> Person:
        return self._stage.person(f"investigator-{site}", f"site_investigator:{self._code}:{site}")

    def _nurse(self, site: str) -> Person:
        return self._stage.person(f"nurse-{site}", f"site_nurse:{self._code}:{site}")

    def _today(self) -> date:
        return self._stage.now.astimezone(ZONE).date()

    async def _consent(self, child: Child, path: str) -> None:
        await sign_forms(
            self._investigator(child.site),
            path,
            FORMS,
            age_years=child.age_years,
            now=self._stage.now,
            today=self._today(),
        )

    async def _record(
        self, one: Registered, at: list[datetime], *, missed_because: str | None = None
    ) -> None:
        administrations: list[dict[str, Any]] = [
            {"at": format_instant(when), "given": missed_because is None} for when in at
        ]
        if missed_because is not None:
            for administration in administrations:
                administration["missed_because"] = missed_because
        nurse = self._stage.person(f"nurse-{one.child.site}", f"site_nurse:{self._code}:{one.child.site}")
        body = {"administrations": administrations}
        await nurse.post("enrolment", f"/participants/{one.participant_id}/doses", body)

    async def _report(
        self, one: Registered, term: str, grade: int, verbatim: str, *, seriousness: list[str]
    ) -> Mapping[str, Any]:
        onset = self._today().isoformat()
        receipt: Mapping[str, Any] = await self._investigator(one.child.site).post(
            "safety",
            "/adverse-events",
            {
                "trial": self._code,
                "participant_number": one.number,
                "site_number": one.child.site,
                "verbatim": verbatim,
                "term": term,
                "ctcae": "5.0",
                "grades": [{"grade": grade, "on": onset}],
                "onset": onset,
                "aware_at": format_instant(self._stage.now),
                "seriousness": seriousness,
                "causality": "probable",
                "outcome": "not_recovered",
            },
        )
        return receipt

    def _tell_registered(self, child: Child, registered: Mapping[str, Any]) -> None:
        number, dose = registered["participant_number"], registered["confirmation"]["dose"]
        at = parse_instant(registered["registered_at"])
        self._timeline.courses.append(Course(number, registered["part"], dose, at))
        what = f"registers {number}, {child.age_years} years, at {dose} mg/m2 ({registered['part']})"
        self._timeline.tell(
            self._stage.now, f"hospital {child.site}", what, f"cell {registered['rule_cell']}"
        )
