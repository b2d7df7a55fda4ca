from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.alert import Alert, AlertKind
from services.safety.domain.escalation import OfficeHours, plan_steps
from services.safety.domain.ids import PersonId
from services.safety.domain.rota import Duty, RotaEntry

HOURS = OfficeHours(
    zone=ZoneInfo("Europe/London"),
    weekdays=frozenset(range(5)),
    from_time=time(9),
    until_time=time(17),
)
FRIDAY_NOON = datetime(2026, 6, 12, 11, 0, tzinfo=UTC)
FRIDAY_NIGHT = datetime(2026, 6, 12, 22, 0, tzinfo=UTC)
OFFICER, SECOND, MONITOR, LEAD = (PersonId(name) for name in ("officer", "second", "monitor", "lead"))


def on_duty(person: PersonId, duty: Duty) -> RotaEntry:
    return RotaEntry(
        person=person,
        duty=duty,
        from_at=datetime(2026, 1, 1, tzinfo=UTC),
        until_at=datetime(2027, 1, 1, tzinfo=UTC),
    )


FULL_ROTA = [
    on_duty(OFFICER, Duty.DUTY_OFFICER),
    on_duty(SECOND, Duty.SECOND_OFFICER),
    on_duty(MONITOR, Duty.MEDICAL_MONITOR),
    on_duty(LEAD, Duty.SPONSOR_LEAD),
]


def alert(kind: AlertKind = AlertKind.DLT) -> Alert:
    return Alert(kind=kind, trial_code="EP01", raised_at=FRIDAY_NOON)


@pytest.mark.parametrize(("raised", "minutes"), [(FRIDAY_NOON, 15), (FRIDAY_NIGHT, 30)])
def test_a_p1_climbs_from_the_officer_to_everyone(raised: datetime, minutes: int) -> None:
    steps = plan_steps(alert(), FULL_ROTA, raised, hours=HOURS)

    assert [step.people for step in steps] == [
        (OFFICER,),
        (SECOND,),
        (LEAD, MONITOR),
        (LEAD, MONITOR, OFFICER, SECOND),
    ]
    assert [step.due_at - raised for step in steps] == [timedelta(minutes=minutes * n) for n in range(4)]
    assert [step.number for step in steps] == [1, 2, 3, 4]
    assert [step.acknowledge_by for step in steps[:-1]] == [step.due_at for step in steps[1:]]


def test_a_step_that_begins_after_hours_waits_by_the_longer_time() -> None:
    raised = datetime(2026, 6, 12, 15, 50, tzinfo=UTC)  # 16:50 in London

    steps = plan_steps(alert(), FULL_ROTA, raised, hours=HOURS)

    assert [(step.due_at - raised) // timedelta(minutes=1) for step in steps] == [0, 15, 45, 75]


@pytest.mark.parametrize(
    ("instant", "in_hours"),
    [
        (datetime(2026, 6, 12, 7, 59, tzinfo=UTC), False),
        (datetime(2026, 6, 12, 8, 0, tzinfo=UTC), True),
        (datetime(2026, 6, 12, 16, 0, tzinfo=UTC), False),
        (datetime(2026, 6, 13, 11, 0, tzinfo=UTC), False),
    ],
)
def test_office_hours_are_local_working_days(instant: datetime, in_hours: bool) -> None:
    assert HOURS.holds(instant) is in_hours


def test_a_step_that_would_call_nobody_does_not_wait() -> None:
    rota = [entry for entry in FULL_ROTA if entry.duty is not Duty.DUTY_OFFICER]

    steps = plan_steps(alert(), rota, FRIDAY_NOON, hours=HOURS)

    assert (steps[0].people, steps[1].people) == ((), (SECOND,))
    assert steps[1].due_at == FRIDAY_NOON


@pytest.mark.parametrize("kind", [AlertKind.DLT, AlertKind.SERIOUS_ADVERSE_EVENT])
def test_with_nobody_on_duty_every_name_on_the_rota_is_called_at_once(kind: AlertKind) -> None:
    steps = plan_steps(alert(kind), FULL_ROTA, datetime(2028, 1, 1, tzinfo=UTC), hours=HOURS)

    assert steps[-1].people == (LEAD, MONITOR, OFFICER, SECOND)
    assert steps[-1].due_at == datetime(2028, 1, 1, tzinfo=UTC)


def test_a_p2_waits_a_day_for_the_second_officer() -> None:
    steps = plan_steps(alert(AlertKind.SERIOUS_ADVERSE_EVENT), FULL_ROTA, FRIDAY_NIGHT, hours=HOURS)

    assert [(step.people, step.due_at - FRIDAY_NIGHT) for step in steps] == [
        ((OFFICER,), timedelta(0)),
        ((SECOND,), timedelta(hours=24)),
    ]


def test_a_p3_goes_into_the_digest_and_calls_nobody() -> None:
    assert plan_steps(alert(AlertKind.ADVERSE_EVENT_TREND), FULL_ROTA, FRIDAY_NOON, hours=HOURS) == ()
