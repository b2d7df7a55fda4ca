"""The safety service among its people: what they report, ask and are told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from services.safety.commands.raise_alert import raise_alerts
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.store.places import trial_named
from shared.act import Act
from shared.clock import format_instant, server_now
from shared.database import Sql, Tx
from shared.testing.running import Person
from tests.safety.heard import NUMBER, Heard


@dataclass
class World(Heard):
    """What the other services have said so far, and the people who speak to safety."""

    # -- people -----------------------------------------------------------------------------------

    @property
    def investigator(self) -> Person:
        return self.running.person("dr-site", "site_investigator:EP01:012")

    @property
    def nurse(self) -> Person:
        return self.running.person("nurse", "site_nurse:EP01:012")

    @property
    def officer(self) -> Person:
        return self.running.person("officer", "safety_officer:EP01:*")

    @property
    def monitor(self) -> Person:
        return self.running.person("monitor", "medical_monitor:EP01:*")

    @property
    def manager(self) -> Person:
        return self.running.person("manager", "trial_manager:EP01:*")

    # -- reports ----------------------------------------------------------------------------------

    async def treat(self, participant_id: str = "participant-1", number: str = NUMBER) -> datetime:
        """Register a participant and give the first dose an hour ago; returns when."""
        at = await self.now() - timedelta(hours=1)
        await self.tell(
            self.enrolment,
            self.registered(participant_id, number),
            self.first_dose(participant_id, at=at),
            self.doses([at], participant_id=participant_id),
        )
        return at

    async def report(
        self, *, by: Person | None = None, key: str | None = "", **stated: Any
    ) -> httpx.Response:
        """Report an event of the first participant with today's onset; keyword arguments replace fields."""
        now = await self.now()
        body = {
            "trial": "EP01",
            "participant_number": NUMBER,
            "site_number": "012",
            "verbatim": "very tired",
            "term": "Fatigue",
            "grade": 2,
            "onset": now.date().isoformat(),
            "aware_at": format_instant(now),
            "seriousness": [],
            "causality": "unrelated",
        } | stated
        stripped = {name: value for name, value in body.items() if value is not OMIT}
        return await (by or self.investigator).post("/adverse-events", stripped, key=key)

    async def reported(self, *, by: Person | None = None, **stated: Any) -> dict[str, Any]:
        answer = await self.report(by=by, **stated)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def verdict(self, participant_id: str = "participant-1") -> dict[str, Any]:
        answer = await self.officer.get(f"/participants/{participant_id}/dlt-verdicts")
        assert answer.status_code == 200, answer.text
        verdict: dict[str, Any] = answer.json()["dlt_verdict"]
        return verdict

    async def alerts(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.running.person("all", "safety_officer:*:*").get("/alerts", **query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def on_duty(
        self,
        person: str,
        role: str = "duty_officer",
        *,
        trial: str = "EP01",
        hours: int = 24 * 60,
        **stated: Any,
    ) -> dict[str, Any]:
        """Put somebody on the rota from an hour ago on."""
        now = await self.now()
        body = {
            "trial": trial,
            "person": person,
            "address": f"{person}@hospital.example",
            "role": role,
            "from_at": format_instant(now - timedelta(hours=1)),
            "until_at": format_instant(now + timedelta(hours=hours)),
        } | stated
        answer = await self.running.person("planner", "trial_manager:*:*").post("/duty-periods", body)
        assert answer.status_code == 201, answer.text
        period: dict[str, Any] = answer.json()
        return period

    async def raised(self, kind: AlertKind, cause: str = "cause") -> str:
        """Raise an alert of the trial that no request raises; returns its id."""
        now, new_id = await self.now(), self.running.service.new_id

        async def work(tx: Tx) -> str:
            act = Act(
                actor="service:safety",
                actor_role="test",
                now=now,
                received_at=server_now(),
                correlation_id=new_id(),
                new_id=new_id,
            )
            trial = await trial_named(tx, self.trial_id)
            (alert,) = await raise_alerts(tx, act, [AlertRequest(kind=kind, cause=cause)], trial)
            return str(alert.id)

        return await self.running.service.database.write(work)

    async def alert(self, alert_id: str) -> dict[str, Any]:
        answer = await self.officer.get(f"/alerts/{alert_id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def alert_kinds(self) -> list[str]:
        return [alert["kind"] for alert in await self.alerts()]

    async def rows(self, sql: str) -> list[Any]:
        return [tuple(row) for row in await self.running.service.database.read(lambda tx: tx.fetch(Sql(sql)))]

    async def audited(self) -> list[str]:
        """The action of every audit row, in order."""
        return [row[0] for row in await self.rows("SELECT action FROM audit ORDER BY id")]


class _Omitted:
    """Marks a field that is to be left out of a report."""


OMIT = _Omitted()
