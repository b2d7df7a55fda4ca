from datetime import UTC, datetime, timedelta

import pytest

from services.safety.domain.alert import Alert, AlertKind, AlertState, Priority
from services.safety.domain.channels import (
    NEVER_SILENCED,
    Channel,
    OutsideChannels,
    decide_snooze,
    plan_sends,
)
from services.safety.domain.ids import DutyPeriodId, PersonId
from services.safety.domain.refusals import Refused
from services.safety.domain.rota import Duty, DutyPeriod, RotaEntry

NOW = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)
ANNA, BEN = PersonId("anna"), PersonId("ben")
ALL = OutsideChannels(mail=True, webhook=True, apprise=frozenset({ANNA}))
ROTA = [
    RotaEntry(person=ANNA, duty=Duty.DUTY_OFFICER, from_at=NOW, until_at=NOW + timedelta(days=2)),
]


def _period(person: PersonId, address: str) -> DutyPeriod:
    return DutyPeriod(
        id=DutyPeriodId(person),
        trial_code="EP01",
        person=person,
        name="",
        address=address,
        duty=Duty.DUTY_OFFICER,
        order=1,
        from_at=NOW,
        until_at=NOW + timedelta(days=1),
    )


def _planned(priority: Priority, **gone: Channel) -> list[tuple[str, str, bool]]:
    rota = [_period(ANNA, "anna@hospital.example"), _period(BEN, "")]
    sends = plan_sends(priority, [ANNA, BEN], rota, ALL, gone=gone.values())
    return [(send.person, send.channel.value, send.standby) for send in sends]


def test_an_urgent_call_goes_by_every_channel_that_reaches_the_person() -> None:
    assert _planned(Priority.P1) == [
        ("anna", "mail", False),
        ("anna", "webhook", False),
        ("anna", "apprise", False),
        ("ben", "webhook", False),
    ]


def test_another_call_goes_by_the_first_and_the_others_stand_by() -> None:
    assert _planned(Priority.P2) == [
        ("anna", "mail", False),
        ("anna", "webhook", True),
        ("anna", "apprise", True),
        ("ben", "webhook", False),
    ]


def test_a_channel_that_is_gone_is_passed_over() -> None:
    assert _planned(Priority.P2, first=Channel.MAIL, second=Channel.WEBHOOK) == [("anna", "apprise", False)]


def test_without_channels_nothing_leaves() -> None:
    assert plan_sends(Priority.P1, [ANNA], [_period(ANNA, "a@b.example")], OutsideChannels()) == ()


def _snooze(
    kind: AlertKind = AlertKind.DEFINITION_PROBLEM,
    *,
    state: AlertState = AlertState.RAISED,
    by: PersonId = ANNA,
    after: timedelta = timedelta(hours=1),
    reason: str = "being mended",
) -> str:
    alert = Alert(kind=kind, trial_code="EP01", raised_at=NOW, state=state)
    try:
        decide_snooze(alert, by=by, until=NOW + after, reason=reason, rota=ROTA, now=NOW)
    except Refused as refused:
        return refused.code
    return "waits"


def test_somebody_on_duty_may_make_an_alert_wait_for_a_day_with_a_reason() -> None:
    assert _snooze() == "waits"
    assert _snooze(after=timedelta(hours=24)) == "waits"
    assert _snooze(after=timedelta(hours=24, seconds=1)) == "snooze_too_long"
    assert _snooze(after=timedelta(0)) == "snooze_too_long"
    assert _snooze(reason=" ") == "reason_required"
    assert _snooze(by=BEN) == "not_on_duty"
    assert _snooze(state=AlertState.ACKNOWLEDGED) == "alert_already_acknowledged"


@pytest.mark.parametrize("kind", sorted(NEVER_SILENCED))
def test_some_kinds_are_silenced_by_nobody_for_no_reason(kind: AlertKind) -> None:
    assert _snooze(kind) == "alert_never_silenced"


def test_death_dlt_stopping_rule_and_halt_are_among_them() -> None:
    named = {AlertKind.DEATH, AlertKind.DLT, AlertKind.STOPPING_RULE_CROSSED, AlertKind.HALT}

    assert named <= NEVER_SILENCED
