from collections.abc import Callable

from services.safety.domain.dlt import Verdict, WindowState, evaluate_dlt
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.dlt_facts import Cause, Doses, MissedDoses
from services.safety.domain.dlt_timeline import as_day_begins

Define = Callable[..., DltDefinition]


def _verdict(definition: DltDefinition, doses: Doses) -> tuple[Verdict, tuple[str, ...]]:
    finding = evaluate_dlt(definition, WindowState.STARTED, (), doses, None, as_day_begins(29))
    return finding.verdict, finding.reasons


def test_exposure_that_silence_could_still_make_up_is_pending(definition: DltDefinition) -> None:
    assert _verdict(definition, Doses(planned=28, given=10, unaccounted=18)) == (
        Verdict.PENDING,
        ("doses_not_known",),
    )


def test_exposure_that_nothing_can_make_up_is_below_the_minimum(definition: DltDefinition) -> None:
    assert _verdict(definition, Doses(planned=28, given=10, unaccounted=10)) == (
        Verdict.NOT_EVALUABLE,
        ("exposure_below_minimum",),
    )


def test_exposure_that_is_reached_is_reached(definition: DltDefinition) -> None:
    assert _verdict(definition, Doses(planned=28, given=21, unaccounted=7))[0] is Verdict.NO_DLT


def test_doses_that_may_have_been_missed_for_toxicity_keep_the_question_open(definition_with: Define) -> None:
    counting = definition_with(
        criteria=[{"id": "missed", "kind": "missed_doses", "cause": "toxicity", "more_than_count": 3}]
    )
    known = (MissedDoses(cause=Cause.TOXICITY, count=2),)

    open_question = _verdict(counting, Doses(planned=28, given=24, missed=known, unaccounted=2))
    settled = _verdict(counting, Doses(planned=28, given=25, missed=known, unaccounted=1))

    assert open_question == (Verdict.PENDING, ("doses_not_known",))
    assert settled[0] is Verdict.NO_DLT
