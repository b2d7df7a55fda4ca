"""What a trial unit does after treatment in a journey: contacts, losses, changes of participation, death."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from shared.clock import format_instant
from tests.journeys.trial_intake import Patient
from tests.journeys.trial_office import Json, refused
from tests.journeys.trial_unit import Unit

TRIED = ("telephone", "letter", "telephone")


class FollowUp:
    """The follow-up of one participant, as the unit's nurse keeps it."""

    def __init__(self, unit: Unit, patient: Patient) -> None:
        self.unit = unit
        self.patient = patient

    async def schedule(self) -> Json:
        return dict(await self.unit.nurse.get("enrolment", f"{self.patient.path}/follow-up"))

    async def states(self) -> dict[str, int]:
        """How many entries stand in each state."""
        found: dict[str, int] = {}
        for entry in (await self.schedule())["entries"]:
            found[entry["state"]] = found.get(entry["state"], 0) + 1
        return found

    async def due(self) -> list[tuple[str, int]]:
        """What the worklist of the day asks for about this participant."""
        page = await self.unit.nurse.get("enrolment", "/follow-up-worklist", trial=self.unit.office.code)
        mine = [one for one in page["items"] if one["participant_id"] == self.patient.participant_id]
        return [(one["visit"], one["day"]) for one in mine]

    async def keep(self, contacts: int | None = None) -> int:
        """Keep the next contacts, or all, each on its day and off the worklist afterwards; how many there were."""
        kept = 0
        while contacts is None or kept < contacts:
            open_ones = [it for it in (await self.schedule())["entries"] if it["state"] in ("not_yet", "due")]
            if not open_ones:
                break
            await self._go_to(date.fromisoformat(open_ones[0]["due_on"]))
            await self._keep_today(open_ones[0])
            kept += 1
        return kept

    async def _keep_today(self, entry: Json) -> None:
        name = (entry["visit"], entry["day"])
        assert name in await self.due()
        recorded = await self.record(*name)
        assert (recorded["state"], recorded["flags"]) == ("done", [])
        assert name not in await self.due()

    async def record(self, visit: str, day: int, outcome: str = "done") -> Json:
        body = {
            "visit": visit,
            "day": day,
            "outcome": outcome,
            "happened_on": self.unit.today().isoformat(),
        }
        path = f"{self.patient.path}/follow-up-contacts"
        return dict(await self.unit.nurse.post("enrolment", path, body))

    async def complete(self) -> None:
        """Keep everything that is left; after the last contact and the last day the participant is complete."""
        await self.keep()
        ends_on = date.fromisoformat((await self.schedule())["ends_on"])
        await self._go_to(ends_on + timedelta(days=1))
        assert await self.unit.standing(self.patient) == "complete", await self.schedule()
        assert await self.due() == []

    # -- loss and return ----------------------------------------------------------------------------

    async def try_in_vain(self) -> None:
        """Every attempt that the protocol asks for, over some days; before that nobody counts as lost."""
        losses = f"{self.patient.path}/losses"
        await refused(self.unit.nurse.post("enrolment", losses, {}), 409, "loss_not_established")
        for channel in TRIED:
            await self._attempt(channel, reached=False)
            await self.unit.pass_days(7)

    async def declare_lost(self) -> None:
        lost = await self.unit.nurse.post("enrolment", f"{self.patient.path}/losses", {})
        assert lost["state"] == "ltfu"
        assert await self.unit.standing(self.patient) == "ltfu"

    async def is_found(self) -> None:
        """Somebody answers, and the participant is followed again."""
        await self._attempt("general_practitioner", reached=True)
        (loss,) = (await self.schedule())["losses"]
        assert loss["found_at"] is not None
        assert await self.unit.standing(self.patient) == "follow_up"

    async def _attempt(self, channel: str, *, reached: bool) -> None:
        body = {"channel": channel, "attempted_at": format_instant(self.unit.now), "reached": reached}
        await self.unit.nurse.post("enrolment", f"{self.patient.path}/contact-attempts", body)

    # -- participation, death -----------------------------------------------------------------------

    async def stop(self, *elements: str) -> Json:
        """The participant stops these elements, or everything; there is nowhere to write a reason."""
        what: Json = {"elements": dict.fromkeys(elements, "stopped")} if elements else {"all": "stopped"}
        path = f"{self.patient.path}/participation-changes"
        asked = what | {"by": "participant_or_parent", "reason": "whatever it is"}
        await refused(self.unit.nurse.post("enrolment", path, asked), 422, "invalid_request")
        body = what | {"by": "participant_or_parent"}
        changed = dict(await self.unit.nurse.post("enrolment", path, body))
        assert "safety_reporting_continues" in changed["consequences"]
        await self.unit.office.stage.quiet()
        return changed

    async def join_again(self, consent_id: str, *elements: str) -> None:
        """Take part again as the same participant, on a consent signed since."""
        body = {"consent_id": consent_id, "elements": list(elements)}
        started = await self.unit.nurse.post("enrolment", f"{self.patient.path}/episodes", body)
        assert started["episode"] == 2
        await self.unit.office.stage.quiet()

    async def die(self, cause: str = "progression") -> None:
        """A death; from now on nobody is asked for anything about this participant."""
        body = {"died_on": self.unit.today().isoformat(), "cause": cause}
        await self.unit.nurse.post("enrolment", f"{self.patient.path}/deaths", body)
        await self.unit.office.stage.quiet()
        assert await self.unit.standing(self.patient) == "died"
        assert await self.due() == []
        assert set(await self.states()) <= {"done", "missed", "refused", "cancelled"}

    # -- consent afterwards -------------------------------------------------------------------------

    async def adult_consent(self) -> Any:
        """Where the participant stands about coming of age, and the tasks that follow from it."""
        shown = await self.unit.nurse.get("enrolment", f"{self.patient.path}/consents")
        return shown["adult_consent"]

    async def consent_tasks(self) -> list[str]:
        page = await self.unit.nurse.get("enrolment", "/consent-tasks", trial=self.unit.office.code)
        mine = [one for one in page["items"] if one["participant_id"] == self.patient.participant_id]
        return [one["kind"] for one in mine]

    # -- mailings -----------------------------------------------------------------------------------

    async def check_for_death(self) -> None:
        body = {"checked_on": self.unit.today().isoformat(), "result": "no_death_found"}
        await self.unit.nurse.post("enrolment", f"{self.patient.screening}/death-checks", body)

    def mailing(self, name: str) -> Any:
        """The act of sending a letter, which may be refused."""
        body = {"mailing": name, "sent_on": self.unit.today().isoformat()}
        return self.unit.nurse.post("enrolment", f"{self.patient.screening}/mailings", body)

    async def refuse_mailings(self) -> None:
        """No more letters, for ever."""
        await self.unit.nurse.post("enrolment", f"{self.patient.screening}/opt-outs", {})
        assert (await self.unit.nurse.get("enrolment", f"{self.patient.screening}/mailings"))["refused"]

    async def _go_to(self, day: date) -> None:
        await self.unit.office.stage.move_to(datetime.combine(day, time(12), tzinfo=UTC))
