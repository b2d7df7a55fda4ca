from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.safety.domain.causality import (
    ASCENDING,
    Causality,
    Opinion,
    Party,
    Standing,
    Writer,
    confirm_opinion,
    decide_opinion,
    derive_causality,
    effective,
    read_causality,
)
from services.safety.domain.ids import PersonId
from services.safety.domain.refusals import Refused

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
DR_X = PersonId("dr-x")
DESK = PersonId("desk-1")


def own(value: Causality) -> Opinion:
    return decide_opinion(
        Party.INVESTIGATOR, value, previous=None, writer=Writer.INVESTIGATOR, recorded_by=DR_X, now=NOW
    )


def stated(value: Causality, previous: Opinion | None = None) -> Opinion:
    return decide_opinion(
        Party.INVESTIGATOR,
        value,
        previous=previous,
        writer=Writer.SAFETY_DESK,
        recorded_by=DESK,
        stated_by=DR_X,
        reason="telephone call",
        now=NOW,
    )


def test_a_missing_investigators_opinion_is_suspected_and_provisional() -> None:
    derived = derive_causality(Causality.NOT_ASSESSED, Causality.NOT_ASSESSED)

    assert (derived.suspected, derived.provisional, derived.value) == (True, True, Causality.NOT_ASSESSED)


def test_a_missing_opinion_stays_suspected_although_the_sponsor_says_unrelated() -> None:
    derived = derive_causality(Causality.NOT_ASSESSED, Causality.UNRELATED)

    assert (derived.suspected, derived.value) == (True, Causality.NOT_ASSESSED)


def test_an_absent_sponsors_view_adds_nothing() -> None:
    assert derive_causality(Causality.UNRELATED, Causality.NOT_ASSESSED).suspected is False


def test_the_sponsor_may_upgrade_and_never_downgrade() -> None:
    upgraded = derive_causality(Causality.UNRELATED, Causality.PROBABLE)
    kept = derive_causality(Causality.PROBABLE, Causality.UNRELATED)

    assert (upgraded.suspected, upgraded.value, upgraded.disagreement) == (True, Causality.PROBABLE, True)
    assert (kept.suspected, kept.value, kept.disagreement) == (True, Causality.PROBABLE, True)


@pytest.mark.parametrize("by_protocol", [True, False])
def test_unlikely_is_suspected_only_where_the_protocol_says_so(by_protocol: bool) -> None:
    derived = derive_causality(Causality.UNLIKELY, Causality.NOT_ASSESSED, unlikely_is_suspected=by_protocol)

    assert derived.suspected is by_protocol


@given(st.sampled_from(ASCENDING), st.sampled_from(ASCENDING), st.booleans())
def test_no_sponsors_view_ever_makes_an_event_less_suspected(
    investigator: Causality, sponsor: Causality, unlikely: bool
) -> None:
    alone = derive_causality(investigator, Causality.NOT_ASSESSED, unlikely_is_suspected=unlikely)
    both = derive_causality(investigator, sponsor, unlikely_is_suspected=unlikely)

    assert both.suspected >= alone.suspected


@pytest.mark.parametrize("writer", [Writer.SPONSOR, Writer.OTHER, Writer.SAFETY_DESK])
def test_nobody_else_writes_the_investigators_opinion(writer: Writer) -> None:
    with pytest.raises(Refused) as refused:
        decide_opinion(
            Party.INVESTIGATOR,
            Causality.UNRELATED,
            previous=None,
            writer=writer,
            recorded_by=DESK,
            now=NOW,
        )

    assert refused.value.code == "investigator_causality_protected"


def test_the_investigator_does_not_write_the_sponsors_opinion() -> None:
    with pytest.raises(Refused, match="sponsor_causality_protected"):
        decide_opinion(
            Party.SPONSOR,
            Causality.UNRELATED,
            previous=None,
            writer=Writer.INVESTIGATOR,
            recorded_by=DR_X,
            now=NOW,
        )


def test_the_safety_desk_may_note_what_an_investigator_said() -> None:
    opinion = stated(Causality.POSSIBLE)

    assert (opinion.standing, opinion.opinion_of, opinion.recorded_by) == (Standing.STATED, DR_X, DESK)
    assert effective(opinion) is Causality.POSSIBLE


def test_a_stated_not_related_does_not_count_until_the_investigator_confirms_it() -> None:
    opinion = stated(Causality.UNRELATED)
    confirmed = confirm_opinion(opinion, by=DR_X, now=NOW)

    assert effective(opinion) is Causality.NOT_ASSESSED
    assert effective(confirmed) is Causality.UNRELATED
    assert (confirmed.version, confirmed.standing) == (2, Standing.OWN)


def test_a_telephone_note_may_raise_a_suspicion_and_never_lower_it() -> None:
    assert stated(Causality.DEFINITE, previous=own(Causality.UNLIKELY)).version == 2

    with pytest.raises(Refused, match="investigator_causality_protected"):
        stated(Causality.UNLIKELY, previous=own(Causality.POSSIBLE))


def test_only_the_investigator_named_or_a_colleague_confirms() -> None:
    opinion = stated(Causality.UNRELATED)
    colleague = PersonId("dr-y")

    assert confirm_opinion(opinion, by=colleague, now=NOW, investigators={colleague}).opinion_of == colleague
    with pytest.raises(Refused, match="investigator_causality_protected"):
        confirm_opinion(opinion, by=DESK, now=NOW)
    with pytest.raises(Refused, match="opinion_not_stated"):
        confirm_opinion(own(Causality.POSSIBLE), by=DR_X, now=NOW)


def test_an_opinion_changes_only_with_a_reason_and_gets_a_new_version() -> None:
    first = own(Causality.POSSIBLE)

    with pytest.raises(Refused) as refused:
        decide_opinion(
            Party.INVESTIGATOR,
            Causality.UNRELATED,
            previous=first,
            writer=Writer.INVESTIGATOR,
            recorded_by=DR_X,
            reason="  ",
            now=NOW,
        )
    second = decide_opinion(
        Party.INVESTIGATOR,
        Causality.UNRELATED,
        previous=first,
        writer=Writer.INVESTIGATOR,
        recorded_by=DR_X,
        reason="biopsy",
        now=NOW,
    )

    assert refused.value.code == "reason_required"
    assert (first.version, second.version, second.reason) == (1, 2, "biopsy")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Probable", (Causality.PROBABLE, True)),
        (None, (Causality.NOT_ASSESSED, True)),
        ("  ", (Causality.NOT_ASSESSED, True)),
        ("related", (Causality.NOT_ASSESSED, False)),
    ],
)
def test_a_word_is_read_or_known_not_to_be_understood(text: str | None, read: tuple[Causality, bool]) -> None:
    assert read_causality(text) == read
