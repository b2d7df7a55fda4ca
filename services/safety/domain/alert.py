"""Alerts: what wakes whom how fast, who may stop the escalation, and the words that leave the system."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from services.safety.domain.ids import PersonId
from services.safety.domain.refusals import Refused
from services.safety.domain.rota import RotaEntry, on_duty


class Priority(StrEnum):
    """P1 wakes people at once, P2 waits a day, P3 goes into the daily digest."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class AlertKind(StrEnum):
    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    DLT = "dlt"
    STOPPING_RULE_CROSSED = "stopping_rule_crossed"
    HALT = "halt"
    UNREADABLE_EVENT = "unreadable_event"
    UNMATCHED_REPORT = "unmatched_report"
    EMERGENCY_UNBLINDING = "emergency_unblinding"
    DOSE_WITHOUT_AUTHORISATION = "dose_without_authorisation"
    EXCEPTIONAL_AUTHORISATION = "exceptional_authorisation"
    COUNTERSIGNATURE_OVERDUE = "countersignature_overdue"
    SERIOUS_ADVERSE_EVENT = "serious_adverse_event"
    SUSAR = "susar"
    GRAVE_SUSAR = "grave_susar"
    SUSAR_AT_HALF = "susar_at_half"
    OBLIGATION_DUE = "obligation_due"
    OBLIGATION_BREACHED = "obligation_breached"
    QUERY_OVERDUE = "query_overdue"
    CAUSALITY_DISAGREEMENT = "causality_disagreement"
    RESULT_MISSING = "result_missing"
    DEFINITION_PROBLEM = "definition_problem"
    ROTA_GAP = "rota_gap"
    CHANNEL_DOWN = "channel_down"
    LATE_EFFECT = "late_effect"
    SPECIAL_REPORT = "special_report"
    CASE_FILE_REJECTED = "case_file_rejected"
    ACKNOWLEDGEMENT_UNKNOWN = "acknowledgement_unknown"
    CASE_FILE_RECEIVED = "case_file_received"
    DECISION_SUPERSEDED = "decision_superseded"
    PACK_OUTDATED = "pack_outdated"
    ADVERSE_EVENT_TREND = "adverse_event_trend"


_P1 = (
    AlertKind.DEATH,
    AlertKind.LIFE_THREATENING,
    AlertKind.DLT,
    AlertKind.STOPPING_RULE_CROSSED,
    AlertKind.HALT,
    AlertKind.UNREADABLE_EVENT,
    AlertKind.UNMATCHED_REPORT,
    AlertKind.EMERGENCY_UNBLINDING,
    AlertKind.LATE_EFFECT,
    AlertKind.DOSE_WITHOUT_AUTHORISATION,
    AlertKind.EXCEPTIONAL_AUTHORISATION,
    AlertKind.GRAVE_SUSAR,
    AlertKind.SUSAR_AT_HALF,
    AlertKind.OBLIGATION_BREACHED,
)
PRIORITIES: Mapping[AlertKind, Priority] = MappingProxyType(
    {kind: Priority.P1 if kind in _P1 else Priority.P2 for kind in AlertKind}
    | {AlertKind.ADVERSE_EVENT_TREND: Priority.P3}
)

_WORDS: Mapping[AlertKind, str] = MappingProxyType(
    {
        AlertKind.DEATH: "Death reported",
        AlertKind.LIFE_THREATENING: "Life-threatening event reported",
        AlertKind.DLT: "Dose-limiting toxicity",
        AlertKind.STOPPING_RULE_CROSSED: "Stopping rule crossed",
        AlertKind.HALT: "Trial halted",
        AlertKind.UNREADABLE_EVENT: "Unreadable safety report",
        AlertKind.UNMATCHED_REPORT: "Safety report without a known participant",
        AlertKind.EMERGENCY_UNBLINDING: "Emergency unblinding",
        AlertKind.DOSE_WITHOUT_AUTHORISATION: "Dose given without authorisation",
        AlertKind.EXCEPTIONAL_AUTHORISATION: "Dose authorised for one child by exception",
        AlertKind.COUNTERSIGNATURE_OVERDUE: "Countersignature overdue",
        AlertKind.SERIOUS_ADVERSE_EVENT: "Serious adverse event reported",
        AlertKind.SUSAR: "Suspected unexpected serious adverse reaction",
        AlertKind.GRAVE_SUSAR: "Fatal or life-threatening SUSAR",
        AlertKind.SUSAR_AT_HALF: "SUSAR not reported at half of its time",
        AlertKind.OBLIGATION_DUE: "A report to an authority is due",
        AlertKind.OBLIGATION_BREACHED: "A report to an authority is overdue",
        AlertKind.QUERY_OVERDUE: "Query overdue",
        AlertKind.CAUSALITY_DISAGREEMENT: "Opinions on causality differ",
        AlertKind.RESULT_MISSING: "Result missing",
        AlertKind.DEFINITION_PROBLEM: "DLT definition does not fit its dictionary",
        AlertKind.ROTA_GAP: "Nobody on the duty rota",
        AlertKind.CHANNEL_DOWN: "A channel of alerts does not work",
        AlertKind.LATE_EFFECT: "Late effect on the watch list",
        AlertKind.SPECIAL_REPORT: "Report of special interest",
        AlertKind.CASE_FILE_REJECTED: "A regulator rejected a case report",
        AlertKind.ACKNOWLEDGEMENT_UNKNOWN: "An acknowledgement that fits nothing sent",
        AlertKind.CASE_FILE_RECEIVED: "A case report was received",
        AlertKind.DECISION_SUPERSEDED: "A dose decision rests on data that have changed",
        AlertKind.PACK_OUTDATED: "A committee's pack no longer shows everything",
        AlertKind.ADVERSE_EVENT_TREND: "Trend in adverse events",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRequest:
    """An alert to raise; (cause, kind) is its identity, so a replay or an edit raises nothing twice."""

    kind: AlertKind
    cause: str

    @property
    def priority(self) -> Priority:
        return PRIORITIES[self.kind]


class AlertState(StrEnum):
    """Acknowledging is not resolving, and nothing closes by itself or by being silenced."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as it stands; `notified` are the people whom a step of the ladder has called so far."""

    kind: AlertKind
    trial_code: str
    raised_at: datetime
    state: AlertState = AlertState.RAISED
    notified: frozenset[PersonId] = frozenset()

    @property
    def priority(self) -> Priority:
        return PRIORITIES[self.kind]


class AcknowledgementEffect(StrEnum):
    STOPS_ESCALATION = "stops_escalation"
    NOTED_ONLY = "noted_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What an acknowledgement does; someone who is not on duty is thanked, and the ladder goes on."""

    by: PersonId
    at: datetime
    note: str
    effect: AcknowledgementEffect


def decide_acknowledgement(
    alert: Alert, *, by: PersonId, note: str, rota: Iterable[RotaEntry], now: datetime
) -> Acknowledgement:
    """Effect of an acknowledgement by an authenticated person.

    Args:
        alert: the alert as stored.
        by: who acknowledges.
        note: free words of that person.
        rota: duty entries of the trial.
        now: server time, aware UTC.

    Returns:
        `STOPS_ESCALATION` for a person on duty now in any duty, or already called by the ladder (a duty may
        end between the call and the answer); `NOTED_ONLY` for anyone else.

    Raises:
        Refused: `alert_already_acknowledged`, also for a replay by the same person.
    """
    if alert.state is not AlertState.RAISED:
        raise Refused("alert_already_acknowledged", f"The alert is {alert.state.value}.")
    listed = by in alert.notified or by in on_duty(rota, now)
    return Acknowledgement(
        by=by,
        at=now,
        note=note.strip(),
        effect=AcknowledgementEffect.STOPS_ESCALATION if listed else AcknowledgementEffect.NOTED_ONLY,
    )


def decide_resolution(alert: Alert) -> None:
    """Whether an alert may be resolved: somebody must have taken it first.

    Raises:
        Refused: `alert_not_acknowledged`, `alert_already_resolved`.
    """
    if alert.state is AlertState.RAISED:
        raise Refused("alert_not_acknowledged", "Nobody on duty has acknowledged the alert.")
    if alert.state is AlertState.RESOLVED:
        raise Refused("alert_already_resolved", "The alert is resolved.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMessage:
    subject: str
    body: str


def alert_message(alert: Alert, *, due_at: datetime | None, link: str, zone: ZoneInfo) -> AlertMessage:
    """Words of an alert for any channel: trial code, kind, due time and link, nothing about a participant.

    Args:
        alert: its kind and trial code are all that is shown of it.
        due_at: until when somebody must acknowledge; None for a digest.
        link: address of the alert by its id, which names nobody.
        zone: zone in which the due time is written.
    """
    what = f"{alert.trial_code}: {_WORDS[alert.kind]}"
    subject = f"[{alert.priority.value}] {what}"
    lines = [what]
    if due_at is not None:
        lines.append(f"Acknowledge by {_written(due_at, zone)}")
    return AlertMessage(subject=subject, body="\n".join([*lines, link]))


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _written(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year} {local:%H:%M} {local.tzname()}"
