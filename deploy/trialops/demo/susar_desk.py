"""The safety desk of the demonstration's SUSAR, through public routes: its case, the files, the alerts."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from deploy.trialops.demo.regulator import Answered, acknowledgement
from deploy.trialops.demo.stage import Person, Stage
from deploy.trialops.demo.susar_bodies import BATCH_RECEIVER, SENDER, route
from shared.clock import format_instant, parse_instant

DUTY = timedelta(days=10)


@dataclass(slots=True)
class Desk:
    """What it did: the case, each file as it was sent, each answer as it was taken in."""

    stage: Stage
    code: str
    case: dict[str, Any] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def officer(self) -> Person:
        return self.stage.person("safety-desk", f"safety_officer:{self.code}:*")

    async def go_on_duty(self) -> None:
        """Be the one who takes what the event raises."""
        duty = {
            "trial": self.code,
            "person": self.officer.name,
            "role": "duty_officer",
            "from_at": format_instant(self.stage.now),
            "until_at": format_instant(self.stage.now + DUTY),
        }
        await self.officer.post("safety", "/duty-periods", duty)

    async def open_case(self, report_id: str, words: Mapping[str, Any], route_id: str) -> None:
        body = {"route_id": route_id, "report_ids": [report_id], "content": words}
        self.case = await self.officer.post("safety", "/cases", body)

    async def waits(self) -> bool | None:
        """Whether the case is in the queue; None before there is one."""
        if not self.case:
            return None
        shown = await self.officer.get("safety", f"/cases/{self.case['case_id']}")
        return bool(shown["case"]["waits"])

    async def define_route(self, application: str) -> str:
        """The id of the route's next version."""
        defined = await self.officer.post("safety", "/case-routes", route(self.code, application))
        return str(defined["route_id"])

    async def send(self, route_id: str) -> Mapping[str, Any]:
        """Make the file, which every layer of rules judges, and record that it was sent."""
        body = {"route_id": route_id, "case_ids": [self.case["case_id"]]}
        made = await self.officer.post("safety", "/case-files", body)
        path = f"/case-files/{made['file_id']}/sendings"
        sent = await self.officer.post("safety", path, {"complete": True, "reference": "played gateway"})
        self.files.append(sent)
        return dict(sent)

    async def inform_investigators(self, report_id: str) -> None:
        """Record the letter to the hospitals, with the file that went with it."""
        body = {
            "recipients": ["investigators"],
            "sent_at": self.files[-1]["sent_at"],
            "reference": "letter to the investigators (invented)",
            "receipt": "every hospital has confirmed it (invented)",
            "file_sha256": self.files[-1]["sha256"],
            "complete": True,
        }
        await self.officer.post("safety", f"/adverse-events/{report_id}/submissions", body)

    async def take_in(self, *, accepted: bool, text: str) -> None:
        """The played regulator's answer to the newest file."""
        file = self.files[-1]
        answered = Answered(
            batch_number=file["number"],
            case_number=self.case["number"],
            sent_at=parse_instant(file["sent_at"]),
            sender=SENDER,
            receiver=BATCH_RECEIVER,
            accepted=accepted,
            text=text,
        )
        raw = acknowledgement(answered, number=f"played-{len(self.files)}", at=self.stage.now)
        body = {"content": base64.b64encode(raw).decode()}
        self.answers.append(await self.officer.post("safety", "/acknowledgements", body))

    async def resolve_alerts(self, *causes: str) -> None:
        """Acknowledge and resolve what these causes had raised."""
        for alert in await self.open_alerts(*causes):
            path = f"/alerts/{alert['alert_id']}"
            if alert["acknowledged_at"] is None:
                await self.officer.post("safety", f"{path}/acknowledgements", {"note": "seen"})
            await self.officer.post("safety", f"{path}/resolutions", {"note": "reported, and taken"})

    async def open_alerts(self, *causes: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        query: dict[str, Any] = {"trial": self.code, "limit": 200}
        while True:
            page = await self.officer.get("safety", "/alerts", **query)
            found += [
                one
                for one in page["items"]
                if one["resolved_at"] is None and any(cause in one["cause_id"] for cause in causes)
            ]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]
