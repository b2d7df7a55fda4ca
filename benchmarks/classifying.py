"""B18: events classified, with what is owed for them by when, in one process, without a store.

Of four cases one is a SUSAR that became fatal after its first report, one a SAR by its reference version, one is not
serious, one has nothing assessed. The second row doubles the changes of a case: it must not cost more than twice.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from benchmarks.measure import Result, interleaved
from benchmarks.size import Size
from benchmarks.surroundings import Surroundings
from services.safety.domain.adverse_event import Outcome
from services.safety.domain.case_history import CaseChange, CaseHistory, ChangeKind
from services.safety.domain.case_timeline import follow
from services.safety.domain.causality import Causality
from services.safety.domain.classification import CaseFacts, CaseRules
from services.safety.domain.event_class import EventClass
from services.safety.domain.expectedness import ListedReaction, ReferenceVersion
from services.safety.domain.seriousness import Answer, Criterion, View
from services.safety.store.regimes import shipped_regimes

CASES = 10_000
_REGIME = shipped_regimes()["uk-2026"]
_DAY_0 = date(2026, 12, 18)


class WrongResult(Exception):
    """A run was fast and wrong."""


def _view(*criteria: Criterion) -> View:
    return View(answer=Answer.ASSESSED, criteria=frozenset(criteria))


_SERIOUS = CaseFacts(
    term="Sepsis",
    grade=3,
    onset_on=_DAY_0,
    investigator_seriousness=_view(Criterion.HOSPITALISATION),
    investigator_causality=Causality.PROBABLE,
)
_REFERENCE = ReferenceVersion(
    version=1, approved_on=date(2026, 1, 1), entries=(ListedReaction(term="Nausea", max_grade=3),)
)
_DIED = CaseChange(
    on=_DAY_0 + timedelta(days=4),
    kind=ChangeKind.FACTS,
    values={"grade": 5, "outcome": Outcome.FATAL, "investigator_seriousness": _view(Criterion.DEATH)},
)
_SUSAR = CaseHistory(
    first=_SERIOUS,
    rules=CaseRules(references=(_REFERENCE,)),
    zone=ZoneInfo("Europe/London"),
    aware=(_DAY_0,),
    changes=(_DIED,),
    reports_sent=(_DAY_0 + timedelta(days=2),),
)
_HISTORIES = (
    _SUSAR,
    replace(_SUSAR, first=replace(_SERIOUS, term="Nausea"), changes=(), reports_sent=()),
    replace(_SUSAR, first=replace(_SERIOUS, investigator_seriousness=_view()), changes=(), reports_sent=()),
    replace(_SUSAR, first=CaseFacts(), changes=(), reports_sent=()),
)
_EXPECTED = [
    EventClass.SUSAR,
    EventClass.SERIOUS_ADVERSE_REACTION,
    EventClass.ADVERSE_REACTION,
    EventClass.SUSAR,
]


def _long(changes: int) -> CaseHistory:
    """A case to which fact after fact is added."""
    facts = [
        CaseChange(
            on=_DAY_0 + timedelta(days=n),
            kind=ChangeKind.FACTS,
            values={"admission": str(n)},
            sequence=n,
        )
        for n in range(changes)
    ]
    return replace(_SUSAR, changes=tuple(facts), reports_sent=())


async def classifying(_around: Surroundings, size: Size) -> AsyncIterator[Result]:
    """B18: classifications per second, and a case of 40 changes against two of 20."""

    async def rate() -> float:
        begun = perf_counter()
        found = [follow(history, _REGIME) for _ in range(CASES // 4) for history in _HISTORIES]
        taken = perf_counter() - begun
        if [one.classification.event_class for one in found[:4]] != _EXPECTED:
            raise WrongResult("the classes are not those expected")
        return CASES / taken

    async def changes(history: CaseHistory, times: int) -> float:
        begun = perf_counter()
        for _ in range(times):
            follow(history, _REGIME)
        return times * len(history.changes) / (perf_counter() - begun)

    mine, _ = await interleaved(rate, rate, runs=size.runs)
    yield Result(
        id="B18",
        what="events classified, with their obligations",
        store="–",
        transport="–",
        ours=mine,
        unit="events/s",
        runs=size.runs,
    )
    longer, shorter = _long(40), _long(20)
    double, single = await interleaved(
        lambda: changes(longer, 100), lambda: changes(shorter, 200), runs=size.runs
    )
    yield Result(
        id="B18",
        what="changes of a case: 40 v 20",
        store="–",
        transport="–",
        ours=double,
        anchor=single,
        unit="changes/s",
        runs=size.runs,
    )
