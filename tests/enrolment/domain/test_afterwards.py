"""Loss, death, episodes, samples, mailings, and the one word for where a participant stands."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.age import local_date
from services.enrolment.domain.death import (
    CauseCategory,
    Death,
    check_alive,
    check_dead,
    check_death,
    check_not_recorded,
    check_reason,
    treatment_ends_at,
)
from services.enrolment.domain.episodes import check_new_consent, decide_episode
from services.enrolment.domain.follow_up import LossTerms
from services.enrolment.domain.loss import Attempt, Channel, check_not_lost, decide_loss
from services.enrolment.domain.mailings import DeathCheck, DeathCheckResult, MailingFacts, check_mailing
from services.enrolment.domain.participant_state import (
    CourseFacts,
    Evaluability,
    ParticipantState,
    participant_state,
)
from services.enrolment.domain.participation import Element, Participation
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.samples import (
    Sample,
    SampleHappening,
    SampleState,
    check_destruction,
    check_transfer,
    check_use_goes_on,
    to_destroy,
)

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
LONDON = ZoneInfo("Europe/London")


def code_of(refused: Any) -> str:
    return str(refused.value.code)


# -- loss -----------------------------------------------------------------------------------------------

LOST = LossTerms(attempts=3, channels=2, within_days=90)


def attempt(ago: int, channel: str = "telephone", *, reached: bool = False) -> Attempt:
    return Attempt(channel=Channel(channel), on=TODAY - ago * DAY, reached=reached)


VAIN = (attempt(60), attempt(30), attempt(1, "letter"))


def test_enough_attempts_by_enough_channels_in_time_establish_a_loss() -> None:
    assert decide_loss(VAIN, LOST, None, TODAY) == VAIN
    assert decide_loss((attempt(90), *VAIN[1:]), LOST, TODAY - 91 * DAY, TODAY)


@pytest.mark.parametrize(
    ("attempts", "last_contact_ago"),
    [
        (VAIN[1:], None),
        ((attempt(60), attempt(30), attempt(1)), None),
        ((attempt(91), *VAIN[1:]), None),
        (VAIN, 60),
        ((*VAIN, attempt(20, reached=True)), None),
    ],
    ids=["too few", "one channel", "too long ago", "seen since", "reached since"],
)
def test_anything_less_does_not(attempts: tuple[Attempt, ...], last_contact_ago: int | None) -> None:
    last = None if last_contact_ago is None else TODAY - last_contact_ago * DAY

    with pytest.raises(Refused) as refused:
        decide_loss(attempts, LOST, last, TODAY)

    assert code_of(refused) == "loss_not_established"


def test_a_protocol_without_numbers_establishes_no_loss() -> None:
    with pytest.raises(Refused, match="loss_not_established"):
        decide_loss(VAIN, None, None, TODAY)


def test_nobody_is_lost_twice() -> None:
    check_not_lost(lost=False)
    with pytest.raises(Refused, match="lost_already"):
        check_not_lost(lost=True)


# -- death ----------------------------------------------------------------------------------------------

DEATH = Death(died_on=TODAY, cause=CauseCategory.UNKNOWN, ended_treatment=True)


def test_a_death_lies_between_registration_and_today_at_the_site() -> None:
    registered = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)  # 2 June in London
    check_death(date(2026, 6, 2), registered, LONDON, NOW)
    check_death(TODAY, registered, LONDON, NOW)
    with pytest.raises(Refused, match="death_before_registration"):
        check_death(date(2026, 6, 1), registered, LONDON, NOW)
    with pytest.raises(Refused, match="time_in_future"):
        check_death(TODAY + DAY, registered, LONDON, NOW)


def test_who_has_died_is_asked_nothing_and_dies_once() -> None:
    check_alive(None)
    check_not_recorded(None)
    assert check_dead(DEATH) == DEATH
    for check, code in ((check_alive, "participant_died"), (check_not_recorded, "death_recorded")):
        with pytest.raises(Refused, match=code):
            check(DEATH)
    with pytest.raises(Refused, match="no_death_recorded"):
        check_dead(None)


def test_a_correction_says_why() -> None:
    check_reason("entered for another child")
    with pytest.raises(Refused, match="reason_required"):
        check_reason("  ")


@given(st.integers(0, 20 * 366 * 24 * 60), st.integers(0, 400))
def test_treatment_ends_within_the_day_of_the_death_and_not_after_now(minutes: int, ago: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    died_on = local_date(now, LONDON) - ago * DAY

    ended_at = treatment_ends_at(died_on, LONDON, now)

    assert ended_at <= now
    assert local_date(ended_at - timedelta(microseconds=1), LONDON) == died_on or ended_at == now


# -- episodes -------------------------------------------------------------------------------------------

ALL = Participation(stopped=frozenset(Element))


def test_a_new_episode_takes_up_what_is_wanted_and_nothing_else() -> None:
    after = decide_episode(ALL, [Element.CONTACT, Element.SAMPLE_USE])

    assert after.stopped == frozenset(Element) - {Element.CONTACT, Element.SAMPLE_USE}


def test_treatment_does_not_begin_again() -> None:
    with pytest.raises(Refused, match="treatment_stopped"):
        decide_episode(ALL, [Element.TREATMENT, Element.CONTACT])


def test_while_something_goes_on_there_is_no_new_episode() -> None:
    with pytest.raises(Refused, match="episode_running"):
        decide_episode(Participation(stopped=frozenset(Element) - {Element.CONTACT}), [Element.CONTACT])


def test_a_new_episode_needs_a_consent_signed_since() -> None:
    check_new_consent(NOW, NOW - DAY)
    for signed_at in (None, NOW - DAY, NOW - 2 * DAY):
        with pytest.raises(Refused, match="consent_missing"):
            check_new_consent(signed_at, NOW - DAY)


# -- samples --------------------------------------------------------------------------------------------


def sample(*happened: str) -> Sample:
    return Sample(id="s", happened=tuple(SampleHappening(one) for one in ("collected", *happened)))


def test_a_sample_is_what_happened_to_it() -> None:
    assert sample().state is SampleState.HELD
    assert sample("transferred").state is SampleState.TRANSFERRED
    assert sample("destruction_requested", "transferred").state is SampleState.DESTRUCTION_REQUESTED
    assert sample("destruction_requested", "destroyed").state is SampleState.DESTROYED


def test_a_sample_is_passed_on_for_a_use_consented_to_and_for_no_other() -> None:
    check_transfer(sample(), "this-study", ["this-study"], stopped=False)
    for one, use, stopped, code in (
        (sample(), "later-studies", False, "sample_use_not_consented"),
        (sample(), "this-study", True, "sample_use_stopped"),
        (sample("destruction_requested"), "this-study", False, "sample_use_stopped"),
        (sample("destroyed"), "this-study", False, "sample_destroyed"),
    ):
        with pytest.raises(Refused) as refused:
            check_transfer(one, use, ["this-study"], stopped=stopped)
        assert code_of(refused) == code


def test_a_sample_is_destroyed_once_and_only_existing_ones_are_asked_for() -> None:
    check_destruction(sample("destruction_requested"))
    with pytest.raises(Refused, match="sample_destroyed"):
        check_destruction(sample("destroyed"))
    samples = [sample(), sample("transferred"), sample("destruction_requested"), sample("destroyed")]
    assert to_destroy(samples) == tuple(samples[:2])


def test_no_sample_is_taken_once_their_use_was_stopped() -> None:
    check_use_goes_on(stopped=False)
    with pytest.raises(Refused, match="sample_use_stopped"):
        check_use_goes_on(stopped=True)


# -- mailings -------------------------------------------------------------------------------------------


def checked(ago: int, result: str = "no_death_found") -> DeathCheck:
    return DeathCheck(checked_on=TODAY - ago * DAY, result=DeathCheckResult(result))


def mailing(*checks: DeathCheck, **replaced: Any) -> MailingFacts:
    facts: dict[str, Any] = {"died": False, "opted_out": False, "contact_stopped": False, "checks": checks}
    return MailingFacts(**(facts | replaced))


def test_a_mailing_rests_on_the_newest_check_for_deaths() -> None:
    assert check_mailing(mailing(checked(30), checked(3)), TODAY) == checked(3)
    assert check_mailing(mailing(checked(9, "death_found"), checked(3)), TODAY) == checked(3)
    assert check_mailing(mailing(checked(0)), TODAY) == checked(0)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (mailing(), "death_check_required"),
        (mailing(checked(31)), "death_check_required"),
        (mailing(checked(8), valid_days=7), "death_check_required"),
        (mailing(checked(9), checked(3, "death_found")), "death_check_required"),
        (mailing(checked(3), checked(3, "death_found")), "death_check_required"),
        (mailing(checked(-1)), "death_check_required"),
        (mailing(checked(0), died=True), "participant_died"),
        (mailing(checked(0), opted_out=True), "opted_out"),
        (mailing(checked(0), contact_stopped=True), "contact_stopped"),
    ],
)
def test_no_mailing_leaves_otherwise(facts: MailingFacts, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_mailing(facts, TODAY)

    assert code_of(refused) == code


# -- where a participant stands -------------------------------------------------------------------------


def facts(**replaced: Any) -> CourseFacts:
    plain: dict[str, Any] = {
        "voided": False,
        "allocated": True,
        "treats": True,
        "has_window": True,
        "dosed": True,
        "treatment_ended": False,
        "evaluability": Evaluability.UNKNOWN,
        "died": False,
        "lost": False,
        "follow_up_ends_on": None,
        "open_entries": 0,
        "today": TODAY,
    }
    return CourseFacts(**(plain | replaced))


@pytest.mark.parametrize(
    ("replaced", "state"),
    [
        ({"dosed": False, "allocated": False}, "registered"),
        ({"dosed": False}, "allocated"),
        ({"has_window": False}, "treated"),
        ({}, "in_dlt_window"),
        ({"evaluability": Evaluability.PENDING}, "in_dlt_window"),
        ({"evaluability": Evaluability.DLT}, "evaluable"),
        ({"evaluability": Evaluability.NO_DLT}, "evaluable"),
        ({"evaluability": Evaluability.NOT_EVALUABLE}, "not_evaluable"),
        ({"treatment_ended": True, "evaluability": Evaluability.DLT}, "off_treatment"),
        ({"treatment_ended": True, "follow_up_ends_on": TODAY, "open_entries": 0}, "follow_up"),
        ({"treatment_ended": True, "follow_up_ends_on": TODAY - DAY, "open_entries": 1}, "follow_up"),
        ({"treatment_ended": True, "follow_up_ends_on": TODAY - DAY}, "complete"),
        ({"treats": False, "dosed": False, "follow_up_ends_on": TODAY, "open_entries": 3}, "follow_up"),
        ({"treats": False, "dosed": False}, "registered"),
        ({"lost": True}, "ltfu"),
        ({"lost": True, "died": True}, "died"),
        ({"voided": True, "died": True}, "voided"),
    ],
)
def test_one_word_says_where_a_participant_stands(replaced: dict[str, Any], state: str) -> None:
    assert participant_state(facts(**replaced)) is ParticipantState(state)
