from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.alert import (
    PRIORITIES,
    AcknowledgementEffect,
    Alert,
    AlertKind,
    AlertState,
    Priority,
    alert_message,
    decide_acknowledgement,
)
from services.safety.domain.ids import PersonId
from services.safety.domain.refusals import Refused
from services.safety.domain.rota import Duty, RotaEntry

NOW = datetime(2026, 6, 12, 22, 0, tzinfo=UTC)
OFFICER, SECOND, STRANGER = PersonId("officer"), PersonId("second"), PersonId("stranger")
ROTA = [
    RotaEntry(person=OFFICER, duty=Duty.DUTY_OFFICER, from_at=NOW - timedelta(hours=1), until_at=NOW),
    RotaEntry(person=SECOND, duty=Duty.SECOND_OFFICER, from_at=NOW, until_at=NOW + timedelta(hours=1)),
]
ALERT = Alert(kind=AlertKind.DLT, trial_code="EP01", raised_at=NOW, notified=frozenset({OFFICER}))


def test_a_person_on_duty_stops_the_escalation() -> None:
    answer = decide_acknowledgement(ALERT, by=SECOND, note=" on it ", rota=ROTA, now=NOW)

    assert answer.effect is AcknowledgementEffect.STOPS_ESCALATION
    assert (answer.by, answer.at, answer.note) == (SECOND, NOW, "on it")


def test_a_person_who_was_called_may_answer_after_the_duty_ended() -> None:
    assert (
        decide_acknowledgement(ALERT, by=OFFICER, note="", rota=ROTA, now=NOW).effect
        is AcknowledgementEffect.STOPS_ESCALATION
    )


def test_anybody_else_is_noted_and_the_ladder_goes_on() -> None:
    answer = decide_acknowledgement(ALERT, by=STRANGER, note="seen", rota=ROTA, now=NOW)

    assert answer.effect is AcknowledgementEffect.NOTED_ONLY


@pytest.mark.parametrize("state", [AlertState.ACKNOWLEDGED, AlertState.RESOLVED])
def test_a_replayed_acknowledgement_is_refused(state: AlertState) -> None:
    alert = Alert(kind=AlertKind.DLT, trial_code="EP01", raised_at=NOW, state=state)

    with pytest.raises(Refused) as refused:
        decide_acknowledgement(alert, by=SECOND, note="", rota=ROTA, now=NOW)

    assert refused.value.code == "alert_already_acknowledged"


def test_no_state_silences_an_alert() -> None:
    assert {state.value for state in AlertState} == {"raised", "acknowledged", "resolved"}


@pytest.mark.parametrize(
    ("kind", "priority"),
    [
        (AlertKind.DEATH, Priority.P1),
        (AlertKind.LIFE_THREATENING, Priority.P1),
        (AlertKind.DLT, Priority.P1),
        (AlertKind.STOPPING_RULE_CROSSED, Priority.P1),
        (AlertKind.HALT, Priority.P1),
        (AlertKind.UNREADABLE_EVENT, Priority.P1),
        (AlertKind.UNMATCHED_REPORT, Priority.P1),
        (AlertKind.EMERGENCY_UNBLINDING, Priority.P1),
        (AlertKind.SERIOUS_ADVERSE_EVENT, Priority.P2),
        (AlertKind.ROTA_GAP, Priority.P2),
        (AlertKind.ADVERSE_EVENT_TREND, Priority.P3),
    ],
)
def test_who_is_woken_depends_on_the_kind(kind: AlertKind, priority: Priority) -> None:
    assert PRIORITIES[kind] is priority


@pytest.mark.parametrize("kind", list(AlertKind))
def test_the_message_holds_trial_kind_due_time_and_link_only(kind: AlertKind) -> None:
    alert = Alert(kind=kind, trial_code="EP01", raised_at=NOW)

    message = alert_message(
        alert,
        due_at=NOW + timedelta(minutes=30),
        link="https://trials.example/safety/alerts/0199",
        zone=ZoneInfo("Europe/London"),
    )

    what, due, link = message.body.split("\n")
    assert message.subject == f"[{PRIORITIES[kind].value}] {what}"
    assert what.startswith("EP01: ")
    assert due == "Acknowledge by 12 June 2026 23:30 BST"
    assert link == "https://trials.example/safety/alerts/0199"


def test_a_digest_message_has_no_due_time() -> None:
    alert = Alert(kind=AlertKind.ADVERSE_EVENT_TREND, trial_code="EP01", raised_at=NOW)

    message = alert_message(alert, due_at=None, link="https://x.example/1", zone=ZoneInfo("Europe/London"))

    assert message.body == "EP01: Trend in adverse events\nhttps://x.example/1"
