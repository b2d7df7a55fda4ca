"""The trial unit of one hospital in a journey: what it does about somebody who takes part."""

from typing import Any

from tests.journeys.trial_intake import Intake, Patient
from tests.journeys.trial_office import Json, refused


class Unit(Intake):
    """The same people afterwards: doses, steps, randomisations, samples, adverse events."""

    # -- treatment ----------------------------------------------------------------------------------

    def dose_authorisation(self, patient: Patient, doses: int = 1) -> Any:
        """The act of authorising doses from now on, which may be refused."""
        body = {"planned_at": self._at(), "doses": doses}
        return self.investigator.post("enrolment", f"{patient.path}/dose-authorisations", body)

    async def authorise_dose(self, patient: Patient, doses: int = 1) -> None:
        """Authorise, and let the pharmacy read and acknowledge everything that it has been told so far."""
        await self.dose_authorisation(patient, doses)
        told = await self._unacknowledged()
        kinds = sorted(one["kind"] for one in told)
        assert kinds in (["authorisation"], ["authorisation", "registration"][: 1 + self.office.has_levels])
        for one in told:
            assert one["participant_number"] == patient.number
            path = f"/confirmations/{one['confirmation_id']}/acknowledgements"
            taken = await self.pharmacist.post("enrolment", path, {})
            assert taken["acknowledged_by"] == self.pharmacist.name
        assert await self._unacknowledged() == []

    async def give_dose(self, patient: Patient, times: int = 1) -> None:
        """Doses as they were authorised: the first within the hour, then one a day."""
        for number in range(times):
            await (self.pass_days(1) if number else self.an_hour_later())
            body = {"administrations": [{"at": self._at(), "given": True}]}
            recorded = await self.nurse.post("enrolment", f"{patient.path}/doses", body)
            (dose,) = recorded["administrations"]
            assert (recorded["authorised"], recorded["late_entry"], dose["flags"]) == (True, False, [])
        await self.office.stage.quiet()

    async def report_event(
        self, patient: Patient, term: str, grade: int, *, causality: str = "probable", expect: str = "matched"
    ) -> None:
        """An adverse event goes to safety, where it finds its participant at once."""
        today = self.today().isoformat()
        body = {
            "trial": self.office.code,
            "participant_number": patient.number,
            "site_number": self.site,
            "verbatim": f"grade {grade} {term.lower()}",
            "term": term,
            "ctcae": "5.0",
            "grades": [{"grade": grade, "on": today}],
            "onset": today,
            "aware_at": self._at(),
            "seriousness": [],
            "causality": causality,
            "outcome": "recovered",
        }
        receipt = await self.investigator.post("safety", "/adverse-events", body)
        assert (receipt["matched"], receipt["queries"]) == (expect, []), receipt
        shown = await self.nurse.get("safety", f"/adverse-events/{receipt['report_id']}")
        assert shown["adverse_event"]["participant_id"] == patient.participant_id
        assert shown["adverse_event"]["term"] == term
        await self.office.stage.quiet()

    def randomisation(self, patient: Patient, name: str, **stated: Any) -> Any:
        """The act of randomising, which may be refused."""
        path = f"{patient.path}/randomisations"
        return self.investigator.post("enrolment", path, {"randomisation": name} | stated)

    async def randomise(self, patient: Patient, name: str, **stated: Any) -> Json:
        made = dict(await self.randomisation(patient, name, **stated))
        await self.office.stage.quiet()
        listed = (await self.nurse.get("enrolment", f"{patient.path}/randomisations"))["items"]
        assert made in listed
        return made

    async def course_step(self, patient: Patient, step: str, outcome: str = "done", **more: str) -> list[str]:
        """A dated step of an advanced therapy, an hour later; what was not in order about it."""
        await self.an_hour_later()
        body = {"step": step, "happened_at": self._at(), "outcome": outcome} | more
        recorded = await self.nurse.post("enrolment", f"{patient.path}/course-steps", body)
        await self.office.stage.quiet()
        (shown,) = [one for one in (await self._course(patient))["steps"] if one["id"] == recorded["step_id"]]
        assert {name: shown[name] for name in more} == more
        return list(recorded["flags"])

    async def batches_given(self, patient: Patient) -> list[str]:
        """The batch of each dose, all of them authorised: an infusion is a dose as well."""
        doses = (await self.pharmacist.get("enrolment", patient.path))["administrations"]
        assert all(one["given"] and one["authorised"] for one in doses)
        return [one["batch"] for one in doses]

    async def traceable_years(self, patient: Patient) -> int:
        """For how many years after the infusion every batch stays listed."""
        course = await self._course(patient)
        infused = next(one["happened_at"] for one in course["steps"] if one["step"] == "infusion")
        return int(course["traceable_until"][:4]) - int(infused[:4])

    async def check_plan(self, patient: Patient, plan: str, outcome: str) -> None:
        """The outcome of quality assurance for one radiotherapy plan."""
        body = {"plan": plan, "outcome": outcome, "checked_on": self.today().isoformat()}
        await self.nurse.post("enrolment", f"{patient.path}/plan-checks", body)
        listed = (await self.nurse.get("enrolment", f"{patient.path}/plan-checks"))["items"]
        assert (listed[-1]["plan"], listed[-1]["outcome"]) == (plan, outcome)

    async def end_treatment(self, patient: Patient, reason: str = "completed") -> None:
        body = {"ended_at": self._at(), "reason": reason}
        await self.investigator.post("enrolment", f"{patient.path}/treatment-ends", body)
        await refused(self.dose_authorisation(patient), 409, "treatment_stopped")

    # -- samples ------------------------------------------------------------------------------------

    async def collect_sample(self, patient: Patient, material: str, label: str) -> str:
        await self.an_hour_later()
        body = {"material": material, "label": label, "collected_at": self._at()}
        collected = await self.nurse.post("enrolment", f"{patient.path}/samples", body)
        return str(collected["sample_id"])

    def passing_on(self, sample_id: str, use: str) -> Any:
        """The act of passing a sample on for a use, which may be refused."""
        body = {"passed_to": "Example Laboratory", "use": use, "at": self._at()}
        return self.nurse.post("enrolment", f"/samples/{sample_id}/transfers", body)

    async def pass_on(self, sample_id: str, use: str) -> None:
        await self.an_hour_later()
        assert (await self.passing_on(sample_id, use))["state"] == "transferred"

    async def change_sample_uses(self, patient: Patient, **uses: bool) -> None:
        said = {name.replace("_", "-"): answer for name, answer in uses.items()}
        body = {"uses": said, "decided_at": self._at()}
        await self.nurse.post("enrolment", f"{patient.path}/sample-use-changes", body)

    async def samples_to_destroy(self) -> list[str]:
        """Labels of the samples that wait for their destruction."""
        page = await self.nurse.get("enrolment", "/sample-destructions", trial=self.office.code)
        return [one["label"] for one in page["items"]]

    async def destroy(self, sample_id: str) -> None:
        destroyed = await self.nurse.post(
            "enrolment", f"/samples/{sample_id}/destructions", {"at": self._at()}
        )
        assert destroyed["state"] == "destroyed"

    async def _course(self, patient: Patient) -> Json:
        return dict(await self.pharmacist.get("enrolment", f"{patient.path}/course"))

    async def _unacknowledged(self) -> list[Json]:
        page = await self.pharmacist.get("enrolment", "/confirmations", trial=self.office.code)
        return list(page["items"])
