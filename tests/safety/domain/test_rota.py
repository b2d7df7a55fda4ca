from datetime import UTC, datetime, timedelta

from services.safety.domain.ids import PersonId
from services.safety.domain.rota import Duty, RotaEntry, RotaGap, on_duty, rota_gaps

START = datetime(2026, 6, 12, tzinfo=UTC)
A, B = PersonId("a"), PersonId("b")


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def entry(person: PersonId, from_hour: int, until_hour: int, duty: Duty = Duty.DUTY_OFFICER) -> RotaEntry:
    return RotaEntry(person=person, duty=duty, from_at=at(from_hour), until_at=at(until_hour))


def test_a_duty_begins_with_its_first_instant_and_ends_before_its_last() -> None:
    rota = [entry(A, 0, 8), entry(B, 8, 16)]

    assert on_duty(rota, at(0)) == (A,)
    assert on_duty(rota, at(8)) == (B,)
    assert on_duty(rota, at(16)) == ()


def test_everyone_is_named_once_and_only_for_the_duties_asked() -> None:
    rota = [entry(B, 0, 8), entry(B, 2, 9), entry(A, 0, 8, Duty.SECOND_OFFICER)]

    assert on_duty(rota, at(4)) == (A, B)
    assert on_duty(rota, at(4), [Duty.SECOND_OFFICER]) == (A,)


def test_gaps_are_found_before_between_and_after_duties() -> None:
    rota = [entry(B, 10, 14), entry(A, 2, 6), entry(A, 3, 4), entry(A, 0, 24, Duty.SECOND_OFFICER)]

    gaps = rota_gaps(rota, Duty.DUTY_OFFICER, from_at=at(0), until_at=at(20))

    assert [(gap.from_at, gap.until_at) for gap in gaps] == [
        (at(0), at(2)),
        (at(6), at(10)),
        (at(14), at(20)),
    ]


def test_a_full_rota_has_no_gap_and_an_empty_one_is_a_single_gap() -> None:
    full = [entry(A, -5, 9), entry(B, 9, 40)]

    assert rota_gaps(full, Duty.DUTY_OFFICER, from_at=at(0), until_at=at(20)) == ()
    assert rota_gaps([], Duty.DUTY_OFFICER, from_at=at(0), until_at=at(20)) == (
        RotaGap(duty=Duty.DUTY_OFFICER, from_at=at(0), until_at=at(20)),
    )


def test_duties_outside_the_span_close_no_gap() -> None:
    rota = [entry(A, -9, -1), entry(B, 30, 40)]

    gaps = rota_gaps(rota, Duty.DUTY_OFFICER, from_at=at(0), until_at=at(20))

    assert [(gap.from_at, gap.until_at) for gap in gaps] == [(at(0), at(20))]
