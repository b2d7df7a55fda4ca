"""One dose-limiting toxicity becomes a SUSAR: judged by its parties, reported, refused, corrected, taken, closed.

The class is never entered: it follows from the investigator's and the sponsor's assessments and from the version of
the reference safety information that was approved at the onset. The regulator is played (`regulator.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from deploy.trialops.demo.agenda import Agenda
from deploy.trialops.demo.hospital import Registered
from deploy.trialops.demo.published import DEHYDRATION
from deploy.trialops.demo.stage import Person, Stage
from deploy.trialops.demo.susar_bodies import (
    PRODUCT,
    RECEIVER,
    RIGHT_NUMBER,
    WRONG_NUMBER,
    content,
    reference,
)
from deploy.trialops.demo.susar_desk import Desk
from deploy.trialops.demo.timeline import Timeline

BECOMES_ONE = DEHYDRATION
"""The toxicity that the reference safety information lists, but not as this severe."""
REFUSED = "R0105; FDA.C.5.5a is invalid for the Center specified in N.2.r.3"
TAKEN = "Report loaded successfully"
IN_FORCE, LATER = "1", "2"
"""Versions of the reference safety information: approved before the onset, and after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the service says of the event at one moment; no class while nothing makes it a case."""

    moment: str
    at: datetime
    event_class: str | None
    provisional: bool
    details: Mapping[str, Any]
    obligations: tuple[Mapping[str, Any], ...]
    waits: bool | None

    def states(self) -> set[str]:
        return {one["state"] for one in self.obligations}


@dataclass(slots=True)
class Susar:
    """The story of one event from its verdict to its closed case; `checks` must hold."""

    stage: Stage
    timeline: Timeline
    code: str
    monitor: Person
    zone: ZoneInfo
    report_id: str = ""
    verdict: str = ""
    seen: list[Seen] = field(default_factory=list)
    alerts_left: int = -1
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(self.stage, self.code)

    # -- what happens -------------------------------------------------------------------------------

    async def prepare(self) -> None:
        """Approve the reference safety information before anybody is treated."""
        await self._approve(IN_FORCE, dehydration_up_to=2)

    def follow(self, agenda: Agenda, one: Registered, report_id: str, verdict: str) -> None:
        """Plan what follows from the report of a DLT, if it is the one that becomes a SUSAR."""
        if one.child.toxicity != BECOMES_ONE or self.report_id:
            return
        self.report_id, self.verdict = report_id, verdict
        onset, begin = self._today(), self.stage.now
        acts = (
            (timedelta(minutes=10), self._before),
            (timedelta(hours=2), partial(self._admitted, one)),
            (timedelta(days=1), self._sponsors_view),
            (timedelta(days=3), partial(self._recovered, one)),
            (timedelta(days=4), partial(self._first_file, one, onset)),
            (timedelta(days=5), self._refused),
            (timedelta(days=6), self._corrected),
            (timedelta(days=7), self._taken),
        )
        for after, act in acts:
            agenda.at(begin + after, act)

    async def _approve(self, label: str, *, dehydration_up_to: int) -> None:
        today = self._today()
        body = reference(self.code, label, today, dehydration_up_to=dehydration_up_to)
        issued = await self.monitor.post("safety", "/reference-versions", body)
        path = f"/reference-versions/{issued['reference_id']}/approvals"
        approval = {"approved_on": today.isoformat(), "reference": f"approval of version {label} (invented)"}
        await self.monitor.post("safety", path, approval)
        what = f"approves reference safety information {label}: dehydration up to grade {dehydration_up_to}"
        self._tell("authority", what, "invented document")

    async def _before(self) -> None:
        await self.desk.go_on_duty()
        await self._look("after the first report")

    async def _admitted(self, one: Registered) -> None:
        investigator = self._investigator(one)
        reason = "Admitted in the evening for fluids into a vein."
        await self._assess(investigator, "seriousness", "investigator", "hospitalisation", reason=reason)
        await self._assess(investigator, "causality", "investigator", "probable", product=PRODUCT)
        seen = await self._look("after the investigator's assessments")
        what = f"{one.number} is admitted; the investigator finds {PRODUCT} the probable cause"
        self._tell(f"hospital {one.child.site}", what)
        self._tell("safety", f"{one.number}: {seen.event_class}", seen.details["reasons"][-2])

    async def _sponsors_view(self) -> None:
        await self._assess(self.monitor, "causality", "sponsor", "possible", product=PRODUCT)
        await self._approve(LATER, dehydration_up_to=3)
        seen = await self._look("after the sponsor's opinion")
        due = min(one["due_date"] for one in seen.obligations)
        self._tell("medical monitor", "finds the event possibly caused by the product", f"due on {due}")

    async def _recovered(self, one: Registered) -> None:
        await self._assess(
            self._investigator(one), "outcome", "investigator", "recovered", reason="Drinking, discharged."
        )
        self._tell(f"hospital {one.child.site}", f"{one.number} recovered")

    async def _first_file(self, one: Registered, onset: date) -> None:
        route_id = await self.desk.define_route(WRONG_NUMBER)
        first = one.first_dose_at.astimezone(self.zone).date()
        words = content(
            self.report_id,
            site=one.child.site,
            age_years=one.child.age_years,
            dose=one.dose,
            course=(first, first + timedelta(days=one.child.doses - 1)),
            onset=onset,
        )
        await self.desk.open_case(self.report_id, words, route_id)
        self._tell("safety desk", f"opens case {self.desk.case['number']}", "code in it: placeholder")
        await self._send(route_id)
        await self.desk.inform_investigators(self.report_id)
        await self._look("after the first file was sent")

    async def _refused(self) -> None:
        await self._answer(accepted=False, text=REFUSED)
        await self._look("after the regulator refused it")

    async def _corrected(self) -> None:
        route_id = await self.desk.define_route(RIGHT_NUMBER)
        self._tell("safety desk", "corrects the number of the application", "a new version of the route")
        await self._send(route_id)
        await self._look("after the corrected file was sent")

    async def _taken(self) -> None:
        await self._answer(accepted=True, text=TAKEN)
        causes = (self.report_id, self.desk.case["case_id"])
        await self.desk.resolve_alerts(*causes)
        self.alerts_left = len(await self.desk.open_alerts(*causes))
        seen = await self._look("at the end")
        states = ", ".join(sorted(seen.states()))
        self._tell("safety desk", f"case {self.desk.case['number']} is closed", f"obligations {states}")

    # -- small acts ---------------------------------------------------------------------------------

    def _investigator(self, one: Registered) -> Person:
        site = one.child.site
        return self.stage.person(f"investigator-{site}", f"site_investigator:{self.code}:{site}")

    async def _assess(
        self, who: Person, kind: str, party: str, value: str, *, product: str = "", reason: str = ""
    ) -> None:
        body = {"kind": kind, "party": party, "value": [value], "product": product, "reason": reason}
        await who.post("safety", f"/adverse-events/{self.report_id}/assessments", body)

    async def _send(self, route_id: str) -> None:
        sent = await self.desk.send(route_id)
        what = f"sends file {len(self.desk.files)} of case {self.desk.case['number']} to {RECEIVER} (played)"
        self._tell("safety desk", what, f"{len(sent['findings'])} findings, sha256 {sent['sha256'][:12]}")

    async def _answer(self, *, accepted: bool, text: str) -> None:
        await self.desk.take_in(accepted=accepted, text=text)
        verb = "takes" if accepted else "refuses"
        self._tell(f"{RECEIVER} (played)", f"{verb} file {len(self.desk.files)}", text)

    async def _look(self, moment: str) -> Seen:
        """What the service says now, by its public routes."""
        await self.stage.quiet()
        shown = await self.desk.officer.get("safety", f"/adverse-events/{self.report_id}/follow-up")
        newest: Mapping[str, Any] = max(shown["classes"], key=lambda one: one["version"], default={})
        seen = Seen(
            moment=moment,
            at=self.stage.now,
            event_class=newest.get("event_class"),
            provisional=newest.get("provisional", False),
            details=newest.get("details", {}),
            obligations=tuple(shown["obligations"]),
            waits=await self.desk.waits(),
        )
        self.seen.append(seen)
        return seen

    def _today(self) -> date:
        return self.stage.now.astimezone(self.zone).date()

    def _tell(self, who: str, what: str, rule: str = "") -> None:
        self.timeline.tell(self.stage.now, who, what, rule)
