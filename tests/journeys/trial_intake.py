"""The trial unit of one hospital in a journey: from a referral to a registration."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.trialops.demo.stage import Person
from shared.clock import format_instant
from tests.journeys.trial_office import SITE, Json, Office, refused

ZONE = ZoneInfo("Europe/London")
GUARDS_OF_LEVELS = {"level", "decision", "circulation", "cohort", "slot", "stagger"}
WITH_INTERVENTION = {
    "dose_finding",
    "expansion",
    "randomised",
    "advanced_therapy",
    "radiotherapy",
    "supportive_care",
}


@dataclass
class Patient:
    """One invented patient; `birth_month` is all that the trial knows of the day of birth."""

    birth_year: int
    birth_month: int
    screening_id: str = ""
    screening_number: str = ""
    participant_id: str = ""
    number: str = ""

    @property
    def path(self) -> str:
        return f"/participants/{self.participant_id}"

    @property
    def screening(self) -> str:
        return f"/screenings/{self.screening_id}"

    def years(self, today: date) -> int:
        """Completed years; the story never asks in the month of birth itself."""
        return today.year - self.birth_year - int(today.month <= self.birth_month)


@dataclass
class Intake:
    """The people of one hospital's trial unit, and what they do until a patient takes part."""

    office: Office
    site: str = SITE

    @property
    def investigator(self) -> Person:
        return self.office.person("site_investigator", self.site)

    @property
    def nurse(self) -> Person:
        return self.office.person("site_nurse", self.site)

    @property
    def pharmacist(self) -> Person:
        return self.office.person("pharmacist", self.site)

    @property
    def kind(self) -> str:
        return str(self.office.protocol["trial"]["kind"])

    @property
    def part(self) -> str:
        return str(self.office.part["part"])

    @property
    def now(self) -> datetime:
        return self.office.stage.now

    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    async def pass_days(self, days: int) -> None:
        await self.office.stage.move_to(self.now + timedelta(days=days))

    async def an_hour_later(self) -> None:
        await self.office.stage.move_to(self.now + timedelta(hours=1))

    # -- from the referral to consent ---------------------------------------------------------------

    async def take_referral(self, years: int, *, birthday_next_month: bool = False) -> Patient:
        """A patient is referred; the unit acknowledges, starts the screening and answers the sender."""
        patient = self._patient(years, birthday_next_month)
        referral = await self.nurse.post(
            "enrolment",
            "/referrals",
            {
                "trial": self.office.code,
                "site_number": self.site,
                "organisation": "Example District Hospital",
                "contact_reference": "ward-3",
                "age_years": years,
                "condition": "neuroblastoma",
                "part": self.part,
                "sent_at": self._at(),
            },
        )
        path = f"/referrals/{referral['id']}"
        assert referral["state"] == "received"
        seen = await self.nurse.post("enrolment", f"{path}/acknowledgements")
        assert seen["acknowledged_at"] is not None
        await self.screen(patient)
        outcome = {"outcome": "screening_started", "screening_id": patient.screening_id}
        await self.nurse.post("enrolment", f"{path}/outcomes", outcome)
        reply = {"by_way_of": "telephone", "sent_at": self._at()}
        replied = await self.nurse.post("enrolment", f"{path}/replies", reply)
        assert (replied["outcome"], replied["reply_by_way_of"]) == ("screening_started", "telephone")
        return patient

    def screening(self, patient: Patient) -> Any:
        """The act of starting a screening, which may be refused."""
        body = {
            "trial": self.office.code,
            "part": self.part,
            "site_number": self.site,
            "born": {"year": patient.birth_year, "month": patient.birth_month},
        }
        earlier = patient.screening_id
        linked = {"previous_screening_id": earlier} if earlier else {}
        return self.nurse.post("enrolment", "/screenings", body | linked)

    async def screen(self, patient: Patient) -> None:
        """A screening with a number of its own; after an earlier one it is linked to that."""
        earlier, number = patient.screening_id, patient.screening_number
        started = await self.screening(patient)
        patient.screening_id, patient.screening_number = started["screening_id"], started["screening_number"]
        shown = await self.screening_of(patient)
        assert shown["previous_screening_id"] == (earlier or None)
        assert patient.screening_number != number
        assert bool(shown["judgement_statement"]) == (self.kind in WITH_INTERVENTION)

    async def fail_screening(self, patient: Patient, because: str) -> None:
        await self.nurse.post("enrolment", f"{patient.screening}/failures", {"reason_code": because})
        assert (await self.screening_of(patient))["state"] == "failed"

    async def screening_of(self, patient: Patient) -> Json:
        return dict(await self.nurse.get("enrolment", patient.screening))

    async def take_consent(self, patient: Patient, **uses: bool) -> None:
        """Consent by whoever must give it at this age, and assent on the form for the age; `uses` of samples."""
        years = patient.years(self.today())
        stated = {"years": years, "on": self.today().isoformat()}
        await self.investigator.post("enrolment", f"{patient.screening}/age-statements", stated)
        await self.sign_consent(patient.screening, years, **uses)
        if 6 <= years < 16:
            body = {
                "answer": "given",
                "document": "children" if years < 11 else "teenagers",
                "version": "1.0",
                "signed_at": self._at(),
            }
            await self.investigator.post("enrolment", f"{patient.screening}/assents", body)
        shown = await self.screening_of(patient)
        assert [one["capacity"] for one in shown["consents"]] == [_capacity(years)]
        assert shown["sample_uses"] == {name.replace("_", "-"): said for name, said in uses.items()}

    async def sign_consent(self, path: str, years: int, **uses: bool) -> str:
        """A consent for a screening or a participant, on the form for the age."""
        body = {
            "purpose": "own_consent" if years >= 16 else "parental_consent",
            "document": "adults" if years >= 16 else "parents",
            "version": "1.0",
            "capacity": _capacity(years),
            "sample_uses": {name.replace("_", "-"): said for name, said in uses.items()},
            "signed_at": self._at(),
        }
        signed = await self.investigator.post("enrolment", f"{path}/consents", body)
        return str(signed["consent_id"])

    # -- eligibility, place, registration -----------------------------------------------------------

    async def sign_eligibility(self, patient: Patient, *, judged: bool = True, **answers: Any) -> None:
        """Every criterion as `answers` say or simply met, with the judgement where there is an intervention."""
        criteria = [one["id"] for one in self.office.protocol["eligibility"]["criteria"]]
        found = {name.replace("_", "-"): answer for name, answer in answers.items()}
        body = {
            "version": "1.0",
            "answers": dict.fromkeys(criteria, True) | found,
            "judgement": {"in_interests": True} if judged and self.kind in WITH_INTERVENTION else None,
            "signed_at": self._at(),
        }
        await self.investigator.post("enrolment", f"{patient.screening}/eligibility", body)

    async def find_marker(self, patient: Patient, gene: str, alteration: str, result: str) -> None:
        body = {
            "gene": gene,
            "alteration": alteration,
            "result": result,
            "method": "sequencing",
            "determined_on": self.today().isoformat(),
        }
        await self.nurse.post("enrolment", f"{patient.screening}/molecular-findings", body)

    async def ask_for_place(self, patient: Patient) -> str:
        """The slot held for the patient at the open level."""
        body = {"trial": self.office.code, "part": self.part, "screening_id": patient.screening_id}
        place = await self.nurse.post("enrolment", "/reservation-requests", body)
        assert (place["outcome"], place["level"]) == ("reserved", 1), place
        return str(place["slot_id"])

    async def ask_for_no_place(self, patient: Patient) -> None:
        """Where there are no levels there are no places, and nobody needs one."""
        body = {"trial": self.office.code, "part": self.part, "screening_id": patient.screening_id}
        asked = self.nurse.post("enrolment", "/reservation-requests", body)
        await refused(asked, 409, "part_has_no_places")
        assert (await self.office.board())["levels"] == []

    async def receive_decision(self, decision_id: str) -> None:
        """The site has read the decision; until then some protocols let it register nobody."""
        path = f"/decisions/{decision_id}/receipts"
        await self.pharmacist.post("enrolment", path, {"site_number": self.site})

    def registration(self, patient: Patient, slot_id: str | None = None) -> Any:
        """The act of registering, for a story that expects it to be refused."""
        today = self.today()
        body: Json = {
            "screening_id": patient.screening_id,
            "age_statement": {"years": patient.years(today), "on": today.isoformat()},
        }
        place = {"slot_id": slot_id} if slot_id else {}
        return self.investigator.post("enrolment", "/registrations", body | place)

    async def register(self, patient: Patient, slot_id: str | None = None) -> None:
        """Registration under every guard of the kind and no other; at a level with a place, else without one."""
        await self.office.stage.quiet()
        if self.office.has_levels:
            slot_id = slot_id or await self.ask_for_place(patient)
        else:
            await self.ask_for_no_place(patient)
        made = await self.registration(patient, slot_id)
        patient.participant_id, patient.number = made["participant_id"], made["participant_number"]
        assert patient.number.startswith(f"{self.office.code}-{self.site}-")
        at_level = (made["level"], bool(made["decision_id"]), bool(made["rule_cell"]))
        assert at_level == ((1, True, True) if slot_id else (None, False, False))
        await self._check_guards(made["registration_id"])
        await self.office.stage.quiet()
        assert await self.standing(patient) == self._first_state()
        assert await self.office.registered() == 1

    async def take_in(self, patient: Patient) -> None:
        """Consent, eligibility and registration in one go, where the story is about what comes afterwards."""
        await self.take_consent(patient)
        await self.sign_eligibility(patient)
        await self.register(patient)

    async def _check_guards(self, registration_id: str) -> None:
        attempt = await self.nurse.get("enrolment", f"/registrations/{registration_id}/guards")
        names = {one["guard"] for one in attempt["results"]}
        assert attempt["kind"] == self.kind
        assert all(one["passed"] for one in attempt["results"])
        assert names & GUARDS_OF_LEVELS == (GUARDS_OF_LEVELS if self.office.has_levels else set())
        assert ("judgement" in names) == (self.kind in WITH_INTERVENTION)
        assert {"consent", "assent", "eligibility", "age", "duplicate", "target"} <= names

    def _first_state(self) -> str:
        if self.office.has_levels:
            return "allocated"
        return "registered" if self.kind in WITH_INTERVENTION else "follow_up"

    async def standing(self, patient: Patient) -> str:
        """The one word for where the participant stands."""
        shown = await self.nurse.get("enrolment", patient.path)
        return str(shown["standing"]["state"])

    # -- small things -------------------------------------------------------------------------------

    def _at(self) -> str:
        return format_instant(self.now)

    def _patient(self, years: int, birthday_next_month: bool) -> Patient:
        today = self.today()
        if birthday_next_month:
            following = today.replace(day=1) + timedelta(days=32)
            return Patient(following.year - years - 1, following.month)
        before = today.replace(day=1) - timedelta(days=1)
        return Patient(before.year - years, before.month)


def _capacity(years: int) -> str:
    return "participant" if years >= 16 else "parental_responsibility"
