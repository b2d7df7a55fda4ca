"""What enrolment has heard from the sponsor and from safety about one trial."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from services.safety.events.published import (
    AdverseEventAmendedV1,
    AdverseEventReportedV1,
    DltVerdictRecordedV1,
    StoppingRuleCrossedV1,
)
from services.sponsor.events import published as sponsor_events
from services.sponsor.events.protocol_file import ProtocolFile
from shared.clock import server_now
from shared.inbox import Inbox
from shared.tables import canonical_json
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Running
from tests.enrolment.protocol import CODE, PART, protocol, protocol_of_kind, rolling_six

TRIAL = "01993f6e-0000-7000-8000-0000000000e1"
DAY = timedelta(days=1)


@dataclass
class Heard:
    """The running service, both producers, and what they say about one trial."""

    running: Running
    trial_id: str = TRIAL
    code: str = CODE
    sponsor: FakeProducer = field(default_factory=lambda: FakeProducer("sponsor"))
    safety: FakeProducer = field(default_factory=lambda: FakeProducer("safety"))
    started: datetime = field(default_factory=server_now)
    serial: int = 0
    kind: str = ""
    """Kind of the trial; empty: the trial of two parts with levels that most tests are about."""
    part: str = PART
    """The part that the story is about where it names none."""

    def inbox(self, producer: str) -> Inbox:
        return self.running.service.inboxes[producer]

    async def sponsor_says(self, *events: tuple[Any, str]) -> None:
        """Deliver the sponsor's events, given as (body, aggregate), with watermarks that make it fresh."""
        records = [
            self.sponsor.event(body, aggregate_id=aggregate, scope=self.trial_id)
            for body, aggregate in events
        ]
        await self.sponsor.deliver(self.inbox("sponsor"), *records)

    async def safety_says(self, *events: tuple[Any, str]) -> None:
        records = [
            self.safety.event(body, aggregate_id=aggregate, scope=self.trial_id) for body, aggregate in events
        ]
        await self.safety.deliver(self.inbox("safety"), *records)

    async def freshen(self) -> None:
        """Both producers say once more that there is nothing else."""
        await self.sponsor_says()
        await self.safety_says()

    def approved(
        self,
        version: str = "1.0",
        *,
        effective_at: datetime | None = None,
        sunset: datetime | None = None,
        **replaced: Any,
    ) -> tuple[Any, str]:
        of_kind = protocol_of_kind(self.kind, version, self.code, **replaced) if self.kind else None
        document = of_kind or protocol(version, self.code, **replaced)
        body = sponsor_events.ProtocolVersionApprovedV3(
            trial_id=self.trial_id,
            trial_code=self.code,
            protocol_version=version,
            protocol_sha256=hashlib.sha256(canonical_json(document).encode()).hexdigest(),
            protocol=ProtocolFile.model_validate(document),
            approval_reference="ref",
            approved_on=date(2026, 1, 1),
            effective_at=effective_at or self.started - 100 * DAY,
            previous_sunset_at=sunset,
        )
        return body, f"version-{self.trial_id}-{version}"

    def opened(self) -> tuple[Any, str]:
        return (
            sponsor_events.TrialOpenedV1(
                trial_id=self.trial_id, trial_code=self.code, opened_at=self.started
            ),
            self.trial_id,
        )

    def closed(self) -> tuple[Any, str]:
        body = sponsor_events.TrialClosedV1(
            trial_id=self.trial_id, reason_code="target_reached", closed_at=self.started
        )
        return body, self.trial_id

    def green_lit(self, site: str, version: str = "1.0", cap: int | None = None) -> tuple[Any, str]:
        body = sponsor_events.SiteGreenLitV1(
            trial_id=self.trial_id,
            site_id=f"site-{site}",
            site_number=site,
            organisation="A hospital",
            country="GB",
            zone="Europe/London",
            protocol_version=version,
            granted_at=self.started,
            recruitment_cap=cap,
        )
        return body, f"{self.trial_id}-site-{site}"

    def site_revoked(self, site: str) -> tuple[Any, str]:
        body = sponsor_events.SiteRevokedV1(
            trial_id=self.trial_id,
            site_id=f"site-{site}",
            site_number=site,
            revoked_at=self.started,
            reason_code="audit",
        )
        return body, f"{self.trial_id}-site-{site}"

    def site_suspended(self, site: str) -> tuple[Any, str]:
        body = sponsor_events.SiteSuspendedV1(
            trial_id=self.trial_id,
            site_id=f"site-{site}",
            site_number=site,
            suspended_at=self.started,
            reason_code="staff_changes",
        )
        return body, f"{self.trial_id}-site-{site}"

    def delegated(self, person: str, role: str, site: str | None) -> tuple[Any, str]:
        body = sponsor_events.DelegationGrantedV1(
            trial_id=self.trial_id,
            delegation_id=f"duty-{self.trial_id}-{person}",
            person=person,
            role=role,
            site_number=site,
            from_at=self.started - DAY,
            until_at=None,
        )
        return body, f"duty-{self.trial_id}-{person}"

    def delegation_ended(self, person: str) -> tuple[Any, str]:
        delegation = f"duty-{self.trial_id}-{person}"
        body = sponsor_events.DelegationEndedV1(
            trial_id=self.trial_id, delegation_id=delegation, ended_at=self.started
        )
        return body, delegation

    def decision(
        self,
        name: str,
        kind: str = "open_level",
        *,
        part: str = PART,
        level: int = 1,
        places: int = 6,
        rule: dict[str, Any] | None = None,
        signers: Sequence[str] = ("chair", "monitor"),
    ) -> tuple[Any, str]:
        carries = kind in ("open_level", "expand", "reopen_level")
        body = sponsor_events.DoseDecisionSignedV1.model_validate(
            {
                "trial_id": self.trial_id,
                "decision_id": name,
                "kind": kind,
                "part": part,
                "level": level,
                "places": places if carries else 0,
                "cohort_rule": (rule or rolling_six(part, level)) if carries else None,
                "rule_sha256": None,
                "snapshot_sha256": "0" * 64,
                "text_sha256": "0" * 64,
                "signed_by": [
                    {"person": one, "role": one, "signed_at": "2026-01-01T00:00:00Z"} for one in signers
                ],
                "in_force_at": self.started + timedelta(seconds=self._next()),
                "overrides_recommendation": False,
            }
        )
        return body, name

    def superseded(self, name: str, *, level: int = 1, part: str = PART) -> tuple[Any, str]:
        body = sponsor_events.DoseDecisionSupersededV1(
            trial_id=self.trial_id,
            decision_id=name,
            part=part,
            level=level,
            reason="late data",
            superseded_at=self.started,
        )
        return body, name

    def held(self, level: int = 1) -> tuple[Any, str]:
        body = sponsor_events.CohortHeldV1(
            trial_id=self.trial_id, part=PART, level=level, reason="wait", held_at=self.started
        )
        return body, f"hold-{level}"

    def released(self, level: int = 1) -> tuple[Any, str]:
        body = sponsor_events.CohortReleasedV1(
            trial_id=self.trial_id, part=PART, level=level, released_at=self.started
        )
        return body, f"hold-{level}"

    def halt(self, name: str = "halt-1", **scope: Any) -> tuple[Any, str]:
        whole = {"part": None, "level": None, "site_number": None, "recruitment": True, "dosing": True}
        body = sponsor_events.HaltImposedV1(
            trial_id=self.trial_id,
            halt_id=name,
            scope=sponsor_events.HaltScopeV1(**(whole | scope)),
            reason_code="death",
            imposed_at=server_now() + 3650 * DAY,
        )
        return body, name

    def lifted(self, name: str = "halt-1") -> tuple[Any, str]:
        return sponsor_events.HaltLiftedV1(trial_id=self.trial_id, halt_id=name, lifted_at=self.started), name

    def verdict(
        self,
        participant_id: str,
        verdict: str = "dlt",
        *,
        provisional: str = "none",
        level: int = 1,
        part: str = PART,
    ) -> tuple[Any, str]:
        body = DltVerdictRecordedV1.model_validate(
            {
                "trial_id": self.trial_id,
                "window_id": f"window-{participant_id}",
                "participant_id": participant_id,
                "version": self._next(),
                "verdict": verdict,
                "provisional": provisional,
                "part": part,
                "level_allocated": level,
                "level_received": level,
                "criteria": [],
                "reasons": [],
                "definition": "ep01/1",
                "dictionary": "5.0+0",
                "convention": "day_difference",
                "cause": "report",
                "report_id": None,
                "recorded_at": self.started,
            }
        )
        return body, f"window-{participant_id}"

    def crossed(
        self, name: str = "crossing-1", *, part: str | None = PART, level: int | None = None
    ) -> tuple[Any, str]:
        body = StoppingRuleCrossedV1(
            trial_id=self.trial_id,
            crossing_id=name,
            rule_id="dlt-rate",
            rule_version=1,
            part=part,
            level=level,
            n=4,
            events=3,
            stops_at=3,
            pending=0,
            action="Stop recruitment.",
            crossed_at=server_now() + 3650 * DAY,
        )
        return body, name

    def report(
        self,
        name: str = "report-1",
        matched: str = "unmatched",
        *,
        holds: bool = True,
        amended: bool = False,
    ) -> tuple[Any, str]:
        facts: dict[str, Any] = {
            "trial_id": self.trial_id,
            "report_id": name,
            "version": self._next(),
            "matched": matched,
            "holds_trial": holds and matched == "unmatched",
            "participant_id": None,
            "site_number": None,
            "term": None,
            "dictionary": "5.0+0",
            "grade": None,
            "serious": False,
            "seriousness": [],
            "suspected": True,
            "onset_on": None,
            "outcome": None,
            "aware_at": self.started,
            "queries": [],
        }
        if amended:
            return AdverseEventAmendedV1(**facts, changed=["matched"]), name
        return AdverseEventReportedV1(**facts), name

    def _next(self) -> int:
        self.serial += 1
        return self.serial
