"""Events of one participant, and the verdict on them as of a day."""

from collections.abc import Callable

from services.safety.domain.causality import Causality
from services.safety.domain.dlt import DltFinding, Left, WindowState, evaluate_dlt
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.dlt_facts import DltEvent, Doses
from services.safety.domain.dlt_timeline import AsOf, DatedGrade, Strength, as_day_begins

ALL_DOSES = Doses(planned=28, given=28)
Define = Callable[..., DltDefinition]


def g(day: int | None, grade: int | None, confirmed: bool = True) -> DatedGrade:
    return DatedGrade(day=day, grade=grade, confirmed=confirmed)


def anc(*grades: DatedGrade, causality: Causality = Causality.POSSIBLE) -> DltEvent:
    return DltEvent(
        id="anc", term="Neutrophil count decreased", soc="Investigations", causality=causality, grades=grades
    )


def rash(
    *grades: DatedGrade,
    causality: Causality = Causality.POSSIBLE,
    sponsor: Causality = Causality.NOT_ASSESSED,
    exclusions: frozenset[str] = frozenset(),
) -> DltEvent:
    return DltEvent(
        id="rash",
        term="Rash maculo-papular",
        soc="Skin and subcutaneous tissue disorders",
        causality=causality,
        sponsor_causality=sponsor,
        confirmed_exclusions=exclusions,
        grades=grades,
    )


def judge(
    definition: DltDefinition,
    as_of: int | AsOf,
    *events: DltEvent,
    doses: Doses | None = ALL_DOSES,
    left: Left | None = None,
) -> DltFinding:
    moment = as_day_begins(as_of) if isinstance(as_of, int) else as_of
    return evaluate_dlt(definition, WindowState.STARTED, events, doses, left, moment)


def criterion(finding: DltFinding, id_: str) -> Strength:
    return next(found.strength for found in finding.criteria if found.id == id_)
