"""The escalation ladder: who is called when nobody acknowledges, as rows with due times."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from services.safety.domain.alert import Alert, Priority
from services.safety.domain.ids import PersonId
from services.safety.domain.rota import Duty, RotaEntry, on_duty


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHours:
    """Local working hours; `weekdays` counts Monday as 0, `until` is exclusive."""

    zone: ZoneInfo
    weekdays: frozenset[int]
    from_time: time
    until_time: time

    def holds(self, instant: datetime) -> bool:
        local = instant.astimezone(self.zone)
        working_day = local.weekday() in self.weekdays
        return working_day and self.from_time <= local.time() < self.until_time


def weekday_hours(zone: ZoneInfo) -> OfficeHours:
    """Monday to Friday, nine to five, where the trial has its office; holidays are not known here."""
    return OfficeHours(
        zone=zone, weekdays=frozenset(range(5)), from_time=time(hour=9), until_time=time(hour=17)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Duties called step by step, and how long each step waits for an acknowledgement."""

    steps: tuple[frozenset[Duty], ...]
    wait_in_hours: timedelta
    wait_out_of_hours: timedelta


EVERYONE = frozenset(Duty)
LADDERS: Mapping[Priority, Ladder] = MappingProxyType(
    {
        Priority.P1: Ladder(
            steps=(
                frozenset({Duty.DUTY_OFFICER}),
                frozenset({Duty.SECOND_OFFICER}),
                frozenset({Duty.MEDICAL_MONITOR, Duty.SPONSOR_LEAD}),
                EVERYONE,
            ),
            wait_in_hours=timedelta(minutes=15),
            wait_out_of_hours=timedelta(minutes=30),
        ),
        Priority.P2: Ladder(
            steps=(frozenset({Duty.DUTY_OFFICER}), frozenset({Duty.SECOND_OFFICER})),
            wait_in_hours=timedelta(hours=24),
            wait_out_of_hours=timedelta(hours=24),
        ),
        Priority.P3: Ladder(steps=(), wait_in_hours=timedelta(0), wait_out_of_hours=timedelta(0)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One call of the ladder: due at `due_at`; `acknowledge_by` is when the next step is due.

    `people` are those on duty then as the rota stands now; whoever runs the step asks the rota again.
    """

    number: int
    duties: frozenset[Duty]
    people: tuple[PersonId, ...]
    due_at: datetime
    acknowledge_by: datetime


def plan_steps(
    alert: Alert,
    rota: Iterable[RotaEntry],
    now: datetime,
    *,
    hours: OfficeHours,
    ladders: Mapping[Priority, Ladder] = LADDERS,
) -> tuple[PlannedStep, ...]:
    """Every step of the alert's ladder with its due time, the first at once.

    Args:
        alert: only its priority matters.
        rota: duty entries of the trial.
        now: when the alert is raised, aware UTC.
        hours: office hours; each step waits by the hours in which it begins.
        ladders: steps and waits per priority, trial data.

    Returns:
        Steps in order; a step that would call nobody does not wait, so the next one is due with it. A last
        step with nobody on duty calls every name on the rota. A digest priority has no steps.
    """
    ladder, entries = ladders[alert.priority], tuple(rota)
    steps: list[PlannedStep] = []
    due_at = now
    for number, duties in enumerate(ladder.steps, start=1):
        people = people_called(duties, entries, due_at, last=number == len(ladder.steps))
        wait = ladder.wait_in_hours if hours.holds(due_at) else ladder.wait_out_of_hours
        acknowledge_by = due_at + (wait if people else timedelta(0))
        steps.append(
            PlannedStep(
                number=number, duties=duties, people=people, due_at=due_at, acknowledge_by=acknowledge_by
            )
        )
        due_at = acknowledge_by
    return tuple(steps)


def people_called(
    duties: frozenset[Duty], rota: Iterable[RotaEntry], instant: datetime, *, last: bool
) -> tuple[PersonId, ...]:
    """Whom a step calls at `instant`; a last step that would call nobody calls every name on the rota."""
    entries = tuple(rota)
    people = on_duty(entries, instant, duties)
    return people if people or not last else tuple(sorted({entry.person for entry in entries}))
