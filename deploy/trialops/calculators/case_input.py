"""A case as `classify` reads it: one event, one product, its history. Every key is optional."""

from collections.abc import Mapping
from typing import Any

from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.regimes import CTCAE_VERSIONS, shipped_terms, trigger_of
from services.safety.domain.adverse_event import Outcome
from services.safety.domain.case_history import CaseChange, CaseHistory, ChangeKind
from services.safety.domain.causality import Causality
from services.safety.domain.classification import CaseFacts, CaseRules, ExemptSusar
from services.safety.domain.expectedness import Expectedness, ListedReaction, ReferenceVersion
from services.safety.domain.reporting_regime import NewJudgement
from services.safety.domain.seriousness import Answer, Criterion, NotSeriousRule, View
from shared.deadlines import Trigger

CASE = (
    *("regime", "zone", "day_zero_on_new_judgement", "consent_on", "first_dose_on", "onset_on"),
    *("site_aware_at", "aware_at", "merged_aware_at", "event", "seriousness", "causality", "expectedness"),
    *("rsi", "protocol", "changes", "reports_sent"),
)
_EVENT = ("term", "ctcae", "grade", "outcome", "death_on", "admission", "participant_has_grade_5")
_CHANGE = ("on", "kind", "seriousness", "causality", "expectedness", "event")
_PARTIES = ("investigator", "sponsor")
_CAUSALITIES = tuple(one.value for one in Causality if one is not Causality.NOT_ASSESSED)
_OUTCOMES = tuple(one.value for one in Outcome if one is not Outcome.NOT_STATED)
_CRITERIA = tuple(one.value for one in Criterion)
MOST_CHANGES = 200
LONGEST_PERIOD_DAYS = 100_000


def read_history(case: Fields) -> CaseHistory:
    """The history of a case.

    Raises:
        InputInvalid: naming the field; `grade_not_defined_for_term`, `term_not_in_dictionary`.
    """
    first = _values(case)
    if case.has("onset_on"):
        first["onset_on"] = case.day("onset_on")
    changes = case.objects("changes", _CHANGE) if case.has("changes") else []
    if len(changes) > MOST_CHANGES:
        raise InputInvalid("changes", "too_many", f"A case has at most {MOST_CHANGES} changes.")
    read = [_change(one, place) for place, one in enumerate(changes)]
    _check_grades(case, changes, read)
    return CaseHistory(
        first=CaseFacts(**first),
        rules=_rules(case),
        zone=case.zone("zone"),
        aware=_awareness(case),
        site_aware=_site_awareness(case),
        changes=tuple(read),
        reports_sent=tuple(_days(case, "reports_sent")),
        on_new_judgement=NewJudgement(case.choice("day_zero_on_new_judgement", tuple(NewJudgement)))
        if case.has("day_zero_on_new_judgement")
        else None,
    )


def _values(said: Fields) -> dict[str, Any]:
    """The attributes of `CaseFacts` that a case, or one of its changes, gives."""
    values: dict[str, Any] = {}
    if said.has("event"):
        values |= _event(said.object("event", _EVENT))
    if said.has("seriousness"):
        parties = said.object("seriousness", _PARTIES)
        values |= {f"{who}_seriousness": _view(parties, who) for who in _PARTIES if parties.has(who)}
    if said.has("causality"):
        parties = said.object("causality", _PARTIES)
        values |= {
            f"{who}_causality": Causality(parties.choice(who, _CAUSALITIES))
            for who in _PARTIES
            if parties.has(who)
        }
    if said.has("expectedness"):
        values["expectedness"] = Expectedness(said.choice("expectedness", tuple(Expectedness)))
    return values


def _event(event: Fields) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if event.has("ctcae"):
        event.choice("ctcae", CTCAE_VERSIONS)
    if event.has("term"):
        values["term"] = event.text("term")
    if event.has("grade"):
        values["grade"] = _grade(event, "grade")
    if event.has("outcome"):
        values["outcome"] = Outcome(event.choice("outcome", _OUTCOMES))
    if event.has("death_on"):
        values["death_on"] = event.day("death_on")
    if event.has("admission"):
        values["admission"] = event.text("admission")
    if event.has("participant_has_grade_5"):
        values["participant_has_grade_5"] = event.flag("participant_has_grade_5", default=False)
    return values


def _grade(said: Fields, name: str) -> int:
    grade = said.whole(name)
    if grade not in range(1, 6):
        raise InputInvalid(said.path(name), "grade_out_of_range", "A grade is a whole number from 1 to 5.")
    return grade


def _view(parties: Fields, who: str) -> View:
    words = parties.texts(who)
    for place, word in enumerate(words):
        if word not in _CRITERIA:
            options = ", ".join(_CRITERIA)
            raise InputInvalid(
                parties.path(f"{who}.{place}"), "not_an_option", f"One of {options} is needed."
            )
    return View(answer=Answer.ASSESSED, criteria=frozenset(map(Criterion, words)))


def _change(said: Fields, place: int) -> CaseChange:
    return CaseChange(
        on=said.day("on"),
        kind=ChangeKind(said.choice("kind", tuple(ChangeKind))),
        values=_values(said),
        sequence=place,
    )


def _check_grades(case: Fields, changes: list[Fields], read: list[CaseChange]) -> None:
    """Every grade that the event ever has must exist for its term in the version named with it."""
    said: dict[str, str | None] = {"term": None, "ctcae": None, "grade": None}
    dated = sorted(range(len(read)), key=lambda place: (read[place].on, place))
    for fields in (case, *(changes[place] for place in dated)):
        if not fields.has("event"):
            continue
        event = fields.object("event", _EVENT)
        said |= {name: event.text_or_whole(name) for name in said if event.has(name)}
        _check_grade(said, event)


def _check_grade(said: Mapping[str, str | None], event: Fields) -> None:
    ctcae, name, grade = said["ctcae"], said["term"], said["grade"]
    if ctcae is None or name is None:
        return
    term = shipped_terms(ctcae).find(name)
    if term is None:
        raise InputInvalid(
            event.path("term"), "term_not_in_dictionary", f"CTCAE {ctcae} has no term of this name."
        )
    if grade is not None and int(grade) not in term.grades:
        defined = ", ".join(map(str, sorted(term.grades)))
        raise InputInvalid(
            event.path("grade"),
            "grade_not_defined_for_term",
            f"CTCAE {ctcae} defines grades {defined} for this term and no other.",
        )


def _awareness(case: Fields) -> tuple[Trigger, ...]:
    aware = [trigger_of(case, "aware_at")] if case.has("aware_at") else []
    merged = case.texts("merged_aware_at") if case.has("merged_aware_at") else ()
    for place, text in enumerate(merged):
        one = Fields({str(place): text}, (str(place),), case.path("merged_aware_at"))
        aware.append(trigger_of(one, str(place)))
    return tuple(aware)


def _site_awareness(case: Fields) -> Trigger | None:
    return case.instant("site_aware_at") if case.has("site_aware_at") else None


def _days(case: Fields, name: str) -> list[Any]:
    texts = case.texts(name) if case.has(name) else ()
    return [
        Fields({str(place): text}, (str(place),), case.path(name)).day(str(place))
        for place, text in enumerate(texts)
    ]


def _rules(case: Fields) -> CaseRules:
    keys = ("exempt_susars", "not_serious")
    protocol = case.object("protocol", keys) if case.has("protocol") else Fields({}, keys)
    return CaseRules(
        consent_on=case.day("consent_on") if case.has("consent_on") else None,
        first_dose_on=case.day("first_dose_on") if case.has("first_dose_on") else None,
        references=tuple(map(_reference, _rows(case, "rsi", ("version", "approved_on", "entries")))),
        not_serious=tuple(
            NotSeriousRule(rule=one.text("rule"), admission=one.text("admission"))
            for one in _rows(protocol, "not_serious", ("rule", "admission"))
        ),
        exempt_susars=tuple(
            map(_exemption, _rows(protocol, "exempt_susars", ("rule", "term", "period_days")))
        ),
    )


def _rows(said: Fields, name: str, known: tuple[str, ...]) -> list[Fields]:
    return said.objects(name, known) if said.has(name) else []


def _reference(said: Fields) -> ReferenceVersion:
    keys = ("term", "max_grade", "fatal_expected", "authorised_in_eu")
    return ReferenceVersion(
        version=said.whole("version") if not said.is_text("version") else said.text("version"),
        approved_on=said.day("approved_on") if said.has("approved_on") else None,
        entries=tuple(
            ListedReaction(
                term=entry.text("term"),
                max_grade=_grade(entry, "max_grade") if entry.has("max_grade") else None,
                fatal_expected=entry.flag("fatal_expected", default=False),
                authorised_in_eu=entry.flag("authorised_in_eu", default=False),
            )
            for entry in _rows(said, "entries", keys)
        ),
    )


def _exemption(said: Fields) -> ExemptSusar:
    period = said.whole("period_days")
    if period not in range(1, LONGEST_PERIOD_DAYS + 1):
        raise InputInvalid(
            said.path("period_days"), "out_of_range", f"A period has 1 to {LONGEST_PERIOD_DAYS} days."
        )
    return ExemptSusar(rule=said.text("rule"), term=said.text("term"), period_days=period)
