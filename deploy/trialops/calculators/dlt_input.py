"""What `dlt` reads: a participant's events, doses and leaving, by day of the window."""

from dataclasses import dataclass

from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.laboratory import CTCAE_VERSIONS, shipped_rules
from deploy.trialops.calculators.regimes import shipped_terms
from deploy.trialops.calculators.safety_grade import laboratory_result
from services.safety.domain.causality import Causality
from services.safety.domain.ctcae import Dictionary
from services.safety.domain.dlt import Left, LeftFor
from services.safety.domain.dlt_definition import DltDefinition, MissedDosesCriterion, dictionary_problems
from services.safety.domain.dlt_facts import Cause, DltEvent, DoseDelay, Doses, MissedDoses, RunningDelay
from services.safety.domain.dlt_judgement import CommitteeView, SignedJudgement
from services.safety.domain.dlt_timeline import DatedGrade
from services.safety.domain.laboratory_range import worst_grade

DATA = ("as_of_day", "doses", "left", "dose_delays", "judgements", "events")
LAST_DAY = 100_000
MOST_DOSES = 100_000
MOST_EVENTS = 2_000
MOST_GRADES = 2_000
_EVENT = ("term", "soc", "causality", "exclusion", "grades")
_VALUE = ("value", "unit", "lln", "uln", "baseline", "baseline_position", "fasting")
_LEFT_FOR = tuple(reason.value for reason in LeftFor)
_CAUSES = tuple(cause.value for cause in Cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class DltData:
    """Everything of a participant that a verdict rests on; `warnings` are what a reader should look at."""

    as_of_day: int
    events: tuple[DltEvent, ...]
    doses: Doses
    left: Left | None
    judgements: tuple[SignedJudgement, ...]
    warnings: tuple[str, ...]


def read_data(data: Fields, definition: DltDefinition) -> DltData:
    """The data of a participant under a definition.

    Raises:
        InputInvalid: naming the field; `grade_not_defined_for_term`, `exclusion_not_in_definition`,
            `term_not_in_dictionary`, `analyte_unknown`.
    """
    reader = _Reader(definition)
    as_of_day = _day(data, "as_of_day", lowest=1)
    left = _left(data) if data.has("left") else None
    return DltData(
        as_of_day=as_of_day,
        events=tuple(reader.event(one, place) for place, one in enumerate(_listed(data, "events", _EVENT))),
        doses=_doses(data, definition, as_of_day=as_of_day, stayed=left is None),
        left=left,
        judgements=tuple(
            _judgement(one, place, definition)
            for place, one in enumerate(_listed(data, "judgements", ("criterion", "day", "committee")))
        ),
        warnings=tuple(reader.warnings),
    )


class _Reader:
    """Reads events by the dictionary that the definition pins, and keeps what it could not use."""

    def __init__(self, definition: DltDefinition) -> None:
        self._definition = definition
        self._version = definition.ctcae.partition("+")[0]
        if self._version not in CTCAE_VERSIONS:
            raise InputInvalid(
                "protocol.dlt_definition.ctcae",
                "dictionary_unknown",
                f"One of {', '.join(CTCAE_VERSIONS)} is needed.",
            )
        self._dictionary: Dictionary = shipped_terms(self._version)
        self.warnings = [
            problem
            for problem in dictionary_problems(definition, self._dictionary)
            if not problem.startswith("the definition pins")
        ]

    def event(self, event: Fields, place: int) -> DltEvent:
        term = event.text("term", "").strip()
        grades = _listed(event, "grades", ("day", "grade", "confirmed", *_VALUE))
        if len(grades) > MOST_GRADES:
            raise InputInvalid(event.path("grades"), "too_many", f"At most {MOST_GRADES} entries are read.")
        causality = event.choice("causality", tuple(Causality), Causality.NOT_ASSESSED.value)
        return DltEvent(
            id=f"events.{place}",
            term=term,
            soc=self._soc(event, term),
            causality=Causality(causality),
            confirmed_exclusions=self._exclusions(event),
            grades=tuple(self._grade(one, term) for one in grades)
            or (DatedGrade(day=None, grade=None, confirmed=False),),
        )

    def _soc(self, event: Fields, term: str) -> str:
        """The class as stated, else the dictionary's; a term that neither knows is a slip of the pen."""
        known = self._dictionary.find(term) if term else None
        if known is None and term:
            if not event.has("soc"):
                message = f"CTCAE {self._version} has no term of this name; state its class (soc)."
                raise InputInvalid(event.path("term"), "term_not_in_dictionary", message)
            self.warnings.append(f"{event.path('term')}: not a term of CTCAE {self._version}")
        return event.text("soc", known.soc if known is not None else "").strip()

    def _exclusions(self, event: Fields) -> frozenset[str]:
        if not event.has("exclusion"):
            return frozenset()
        exclusion = event.text("exclusion")
        if exclusion not in self._definition.exclusion_ids():
            message = "No criterion of the definition names this exclusion."
            raise InputInvalid(event.path("exclusion"), "exclusion_not_in_definition", message)
        return frozenset({exclusion})

    def _grade(self, entry: Fields, term: str) -> DatedGrade:
        day = _day(entry, "day", lowest=-LAST_DAY) if entry.has("day") else None
        confirmed = entry.flag("confirmed", default=True)
        if not entry.has("grade"):
            grade = self._graded(entry, term)
            return DatedGrade(day=day, grade=grade, confirmed=confirmed and grade is not None)
        for name in _VALUE:
            if entry.has(name):
                raise InputInvalid(entry.path(name), "one_of_two", "Either a grade or a value is needed.")
        grade = entry.whole("grade")
        if not 0 <= grade <= 5:
            raise InputInvalid(entry.path("grade"), "grade_out_of_range", "A grade is 0 to 5.")
        found = self._dictionary.find(term)
        if grade and found is not None and grade not in found.grades:
            message = f"CTCAE {self._version} defines other grades for this term."
            raise InputInvalid(entry.path("grade"), "grade_not_defined_for_term", message)
        return DatedGrade(day=day, grade=grade, confirmed=confirmed)

    def _graded(self, entry: Fields, term: str) -> int | None:
        """The grade of a value; None while nothing can be said, with a warning that says why."""
        if not entry.has("value"):
            self.warnings.append(f"{entry.path('grade')}: neither a grade nor a value")
            return None
        rules = shipped_rules(self._version)
        analyte = rules.find(term)
        if analyte is None:
            message = f"CTCAE {rules.dictionary} has no laboratory criteria for this term."
            raise InputInvalid(entry.path("value"), "analyte_unknown", message)
        grade = worst_grade(rules, analyte, laboratory_result(entry))
        if grade is None:
            self.warnings.append(f"{entry.path('value')}: no grade follows from this value and unit")
        return grade


def _listed(fields: Fields, name: str, known: tuple[str, ...]) -> list[Fields]:
    found = fields.objects(name, known) if fields.has(name) else []
    if len(found) > MOST_EVENTS:
        raise InputInvalid(fields.path(name), "too_many", f"At most {MOST_EVENTS} are read.")
    return found


def _day(fields: Fields, name: str, *, lowest: int) -> int:
    day = fields.whole(name)
    if not lowest <= day <= LAST_DAY:
        raise InputInvalid(fields.path(name), "day_out_of_range", f"A day is {lowest} to {LAST_DAY}.")
    return day


def _left(data: Fields) -> Left:
    left = data.object("left", ("day", "reason"))
    return Left(day=_day(left, "day", lowest=1), reason=LeftFor(left.choice("reason", _LEFT_FOR)))


def _doses(data: Fields, definition: DltDefinition, *, as_of_day: int, stayed: bool) -> Doses:
    """Doses as counted; null counts are unknown, while delays stand by themselves.

    Of a closed window in which the participant stayed, doses neither given nor said to be missed were missed for a
    cause that nobody stated, where the protocol counts missed doses.
    """
    delays = tuple(_delay(one) for one in _listed(data, "dose_delays", ("cause", "days", "since_day")))
    empty = Fields({}, ())
    doses = data.object("doses", ("planned", "given", "missed")) if data.has("doses") else empty
    missed = [_missed(one) for one in _listed(doses, "missed", ("cause", "count"))]
    if not doses.has("planned") or not doses.has("given"):
        return Doses(planned=0, given=0, delays=delays, missed=tuple(missed), counts_known=False)
    planned, given = _count(doses, "planned"), _count(doses, "given")
    counts_missed = any(isinstance(one, MissedDosesCriterion) for one in definition.criteria)
    silent = planned - given - sum(one.count for one in missed)
    if counts_missed and stayed and as_of_day > definition.window_days and silent > 0:
        missed.append(MissedDoses(cause=Cause.NOT_STATED, count=silent))
    return Doses(planned=planned, given=given, delays=delays, missed=tuple(missed))


def _count(fields: Fields, name: str) -> int:
    count = fields.whole(name)
    if not 0 <= count <= MOST_DOSES:
        raise InputInvalid(fields.path(name), "count_out_of_range", f"A count is 0 to {MOST_DOSES}.")
    return count


def _missed(missed: Fields) -> MissedDoses:
    return MissedDoses(cause=_cause(missed), count=_count(missed, "count"))


def _delay(delay: Fields) -> DoseDelay | RunningDelay:
    """A delay of so many days, or one that runs since a day."""
    if delay.has("days") == delay.has("since_day"):
        raise InputInvalid(delay.path("days"), "one_of_two", "Either days or since_day is needed.")
    if delay.has("days"):
        return DoseDelay(cause=_cause(delay), days=_day(delay, "days", lowest=0))
    return RunningDelay(cause=_cause(delay), since_day=_day(delay, "since_day", lowest=1))


def _cause(fields: Fields) -> Cause:
    return Cause(fields.choice("cause", _CAUSES, Cause.NOT_STATED.value))


def _judgement(judgement: Fields, place: int, definition: DltDefinition) -> SignedJudgement:
    criterion = judgement.choice("criterion", tuple(sorted(definition.judgement_ids())))
    return SignedJudgement(
        id=f"judgements.{place}",
        criterion=criterion,
        day=_day(judgement, "day", lowest=-LAST_DAY) if judgement.has("day") else None,
        committee=CommitteeView(
            judgement.choice("committee", tuple(CommitteeView), CommitteeView.AWAITED.value)
        ),
    )
