"""Screenings in the store, with everything that was signed for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.enrolment.domain.age import AgeStatement, BirthMonth
from services.enrolment.domain.board import ScreeningState
from services.enrolment.domain.consent import (
    Assent,
    AssentAnswer,
    AssentDecision,
    Consent,
    ConsentPurpose,
    Parent,
    SignerCapacity,
)
from services.enrolment.domain.eligibility import Eligibility, Judgement, JudgementStatement
from services.enrolment.domain.ids import ConsentId, PersonId, ScreeningId, SiteId
from services.enrolment.domain.molecular import FindingResult, MolecularFinding
from services.enrolment.domain.registering import LEAP_DAY
from services.enrolment.domain.registration_facts import PersonFacts
from services.enrolment.domain.screening import Screening
from services.enrolment.domain.signature import Signature
from services.enrolment.store.answers import answer_read
from services.enrolment.store.person_tables import (
    AgeStatementRow,
    AssentDecisionRow,
    AssentRow,
    ConsentRow,
    EligibilityRow,
    ScreeningRow,
)
from shared.database import Sql, Tx, read_instant
from shared.joint_reads import Part, day, each, fetch_together, instant, nested, read_together
from shared.rows import RowStatement, insertion, table_of
from shared.writes import Write, write_together

Row = Mapping[str, Any]

_ADD_SCREENING = insertion(table_of(ScreeningRow))
_ADD_CONSENT = insertion(table_of(ConsentRow))
_ADD_ASSENT = insertion(table_of(AssentRow))
_ADD_ASSENT_DECISION = insertion(table_of(AssentDecisionRow))
_ADD_ELIGIBILITY = insertion(table_of(EligibilityRow))
_ADD_AGE_STATEMENT = insertion(table_of(AgeStatementRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAssent:
    """The child's latest answer; empty id while nothing is recorded."""

    id: str
    assent: Assent


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """What is recorded for one screening, as the guards take it; `superseded` are consents corrected since."""

    facts: PersonFacts
    assent: StoredAssent
    superseded: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedScreening:
    """A screening with its trial's code, which grants speak of; empty while the trial has not been heard of."""

    screening: Screening
    trial_code: str


async def lock_screening(tx: Tx, screening_id: str) -> NamedScreening | None:
    """The screening, locked until the transaction ends; None when there is none."""
    return _named(await tx.fetch(_LOCK_SCREENING, screening_id))


async def named_screening(tx: Tx, screening_id: str) -> NamedScreening | None:
    """The screening as it is now, not locked."""
    return _named(await tx.fetch(_NAMED_SCREENING, screening_id))


async def find_screening(tx: Tx, screening_id: str) -> Screening | None:
    """As `named_screening`, without the name."""
    named = await named_screening(tx, screening_id)
    return None if named is None else named.screening


def _named(rows: Sequence[Sequence[Any]]) -> NamedScreening | None:
    return screening_of(rows[0]) if rows else None


def screening_of(values: Sequence[Any]) -> NamedScreening:
    """The screening with the values of `SCREENING_COLUMNS`."""
    screening = Screening(
        id=ScreeningId(values[0]),
        trial_id=values[1],
        number=values[2],
        site_id=SiteId(values[3]),
        part=values[4],
        born=BirthMonth(year=values[5], month=values[6]),
        state=ScreeningState(values[7]),
        version=values[8],
        started_at=read_instant(values[9]),
        reason_code=values[10],
        unresolved_duplicates=values[12],
    )
    return NamedScreening(screening=screening, trial_code=values[11] or "")


async def insert_screening(tx: Tx, screening: Screening) -> None:
    values = {
        "id": screening.id,
        "trial_id": screening.trial_id,
        "number": screening.number,
        "site_number": screening.site_id,
        "part": screening.part,
        "born_year": screening.born.year,
        "born_month": screening.born.month,
        "state": screening.state.value,
        "version": screening.version,
        "started_at": screening.started_at,
        "reason_code": screening.reason_code,
    }
    await _ADD_SCREENING(tx, [values])


async def save_state(tx: Tx, screening_id: str, state: ScreeningState, reason_code: str = "") -> None:
    await write_together(tx, new_state(screening_id, state, reason_code))


def new_state(screening_id: str, state: ScreeningState, reason_code: str = "") -> Write:
    """To be kept together with the event that tells of it."""
    return Write(_SAVE_STATE, (screening_id, state.value, reason_code))


async def next_number(tx: Tx, trial_id: str, site_number: str, kind: str) -> int:
    """The next number of this kind at the site, from 1, without a gap among committed ones."""
    return int((await tx.fetch(_NEXT_NUMBER, trial_id, site_number, kind))[0][0])


async def count_in_screening(tx: Tx, trial_id: str, part: str) -> int:
    """Screenings of the part that run, hold no place and have a consent."""
    return int((await tx.fetch(_IN_SCREENING, trial_id, part))[0][0])


# -- what was signed ------------------------------------------------------------------------------------
# To be stored with the event or the audit row that tells of it. Each raises the screening's version: whoever
# read it before has read an older one.


def new_consent(tx: Tx, values: Mapping[str, Any]) -> tuple[Write, ...]:
    """`parent`, `no_personal_note` and `site_number` may be left out."""
    return _signed(tx, _ADD_CONSENT, {"parent": "first", "no_personal_note": "", "site_number": "", **values})


def new_assent(tx: Tx, values: Mapping[str, Any]) -> tuple[Write, ...]:
    """`language` and `site_number` may be left out."""
    return _signed(tx, _ADD_ASSENT, {"language": "", "site_number": "", **values})


def new_assent_decision(tx: Tx, values: Mapping[str, Any]) -> tuple[Write, ...]:
    return _signed(tx, _ADD_ASSENT_DECISION, values)


def new_eligibility(tx: Tx, values: Mapping[str, Any]) -> tuple[Write, ...]:
    return _signed(tx, _ADD_ELIGIBILITY, values)


def new_age_statement(
    tx: Tx, statement_id: str, screening_id: str, statement: AgeStatement
) -> tuple[Write, ...]:
    values = {
        "id": statement_id,
        "screening_id": screening_id,
        "age_years": statement.age_years,
        "stated_on": statement.on,
        "signed_by": statement.signature.signed_by,
        "signed_at": statement.signature.signed_at,
        "delegated": statement.signature.delegated,
    }
    return _signed(tx, _ADD_AGE_STATEMENT, values)


def _signed(tx: Tx, add: RowStatement, values: Mapping[str, Any]) -> tuple[Write, ...]:
    return Write(_RAISE_VERSION, (values["screening_id"],)), add.write(tx, values)


async def load_person(tx: Tx, screening_id: str, born: BirthMonth) -> PersonRecord:
    """Everything recorded for a screening; of repeated records the latest counts, every consent is kept."""
    return record_of(await fetch_together(tx, _PERSON, screening_id), born)


def record_of(found: Mapping[str, list[dict[str, Any]]], born: BirthMonth) -> PersonRecord:
    """From the rows of `person_parts` for one screening."""
    assent = _assent(found)
    latest = _latest(found, "eligibility")
    every = tuple(_consent(row) for row in _by_id(found, "consent"))
    facts = PersonFacts(
        born=born,
        age_statements=tuple(_age_statement(row) for row in each(found, "age_statement")),
        leap_day=LEAP_DAY,
        consents=tuple(consent for consent in every if not consent.superseded_by),
        assent=assent.assent,
        eligibility=_eligibility(latest) if latest else None,
        judgement=_judgement(latest) if latest else None,
        molecular=tuple(_finding(row) for row in _by_id(found, "molecular_finding")),
    )
    superseded = tuple(consent for consent in every if consent.superseded_by)
    return PersonRecord(facts=facts, assent=assent, superseded=superseded)


def _by_id(found: Mapping[str, list[dict[str, Any]]], name: str) -> list[dict[str, Any]]:
    """In the order of recording: ids are time-ordered."""
    return sorted(each(found, name), key=lambda row: str(row["id"]))


def _latest(found: Mapping[str, list[dict[str, Any]]], name: str) -> Row | None:
    """Ids are time-ordered."""
    return max(each(found, name), key=lambda row: str(row["id"]), default=None)


def _consent(row: Row) -> Consent:
    return Consent(
        id=ConsentId(row["id"]),
        document=row["document"],
        version=row["version"],
        purpose=ConsentPurpose(row["purpose"]),
        capacity=SignerCapacity(row["capacity"]),
        signed_at=instant(row["signed_at"]),
        delegated=bool(row["delegated"]),
        capacity_note=row["capacity_note"],
        no_personal_note=row["no_personal_note"],
        parent=Parent(row["parent"]),
        site_number=row["site_number"],
        superseded_by=row["superseded_by"] or "",
    )


def _finding(row: Row) -> MolecularFinding:
    return MolecularFinding(
        gene=row["gene"],
        alteration=row["alteration"],
        detail=row["detail"],
        result=FindingResult(row["result"]),
        method=row["method"],
        determined_on=day(row["determined_on"]),
    )


def _assent(found: Mapping[str, list[dict[str, Any]]]) -> StoredAssent:
    row = _latest(found, "assent")
    if row is None:
        return StoredAssent(id="", assent=Assent(answer=AssentAnswer.NOT_RECORDED))
    decided = next((it for it in each(found, "assent_decision") if it["assent_id"] == row["id"]), None)
    assent = Assent(
        answer=AssentAnswer(row["answer"]),
        document=row["document"],
        version=row["version"],
        reason=row["reason"],
        delegated=bool(row["delegated"]),
        decision=AssentDecision(reason=decided["reason"], signature=_signature(decided)) if decided else None,
        site_number=row["site_number"],
        signed_at=instant(row["signed_at"]),
    )
    return StoredAssent(id=row["id"], assent=assent)


def _eligibility(row: Row) -> Eligibility:
    answers = {name: answer_read(answer) for name, answer in nested(row["answers"]).items()}
    return Eligibility(version=row["version"], answers=answers, signature=_signature(row))


def _judgement(row: Row) -> JudgementStatement | None:
    if row["judgement"] is None:
        return None
    return JudgementStatement(
        judgement=Judgement(row["judgement"]),
        by_investigator=bool(row["by_investigator"]),
        signature=_signature(row),
    )


def _age_statement(row: Row) -> AgeStatement:
    stated_on: date = day(row["stated_on"])
    return AgeStatement(age_years=row["age_years"], on=stated_on, signature=_signature(row))


def _signature(row: Row) -> Signature:
    signed_at: datetime = instant(row["signed_at"])
    return Signature(
        signed_by=PersonId(row["signed_by"]), signed_at=signed_at, delegated=bool(row["delegated"])
    )


_OF_SCREENING = (
    *("id", "trial_id", "number", "site_number", "part", "born_year", "born_month", "state", "version"),
    *("started_at", "reason_code"),
)
SCREENING_COLUMNS = (*_OF_SCREENING, "code", "unresolved_duplicates")
_SELECT = (
    f"SELECT {', '.join(f's.{name}' for name in _OF_SCREENING)}, g.code,"
    " (SELECT count(*) FROM duplicate_suspicion d WHERE d.screening_id = s.id AND d.state = 'open')"
    " AS unresolved_duplicates"
    " FROM screening s LEFT JOIN trial_gate g ON g.trial_id = s.trial_id WHERE s.id = $1"
)
_NAMED_SCREENING = Sql(_SELECT)
LOCK_SCREENING = f"{_SELECT} FOR UPDATE OF s"
_LOCK_SCREENING = Sql(LOCK_SCREENING)
_SAVE_STATE = Sql("UPDATE screening SET state = $2, reason_code = $3, version = version + 1 WHERE id = $1")
_RAISE_VERSION = Sql("UPDATE screening SET version = version + 1 WHERE id = $1")
_NEXT_NUMBER = Sql(
    "INSERT INTO number_sequence (trial_id, site_number, kind, last) VALUES ($1, $2, $3, 1)"
    " ON CONFLICT (trial_id, site_number, kind) DO UPDATE SET last = number_sequence.last + 1 RETURNING last"
)
_IN_SCREENING = Sql(
    "SELECT count(*) FROM screening AS s WHERE s.trial_id = $1 AND s.part = $2 AND s.state = 'in_screening'"
    " AND EXISTS (SELECT 1 FROM consent AS c WHERE c.screening_id = s.id)"
    " AND NOT EXISTS (SELECT 1 FROM slot WHERE slot.screening_id = s.id"
    "  AND slot.state IN ('offered', 'reserved', 'frozen'))"
)


def person_parts(of_screening: str) -> tuple[Part, ...]:
    """Everything signed or found for screenings; `of_screening` is the condition on their id (`= $1`)."""
    signed = ("signed_by", "signed_at", "delegated")
    return (
        Part(
            name="consent",
            columns=(
                *(
                    "c.id",
                    "c.screening_id",
                    "c.document",
                    "c.version",
                    "c.purpose",
                    "c.capacity",
                    "c.signed_at",
                ),
                *("c.delegated", "c.capacity_note", "c.no_personal_note", "c.parent", "c.site_number"),
                "x.superseded_by",
            ),
            source="consent c LEFT JOIN consent_correction x ON x.consent_id = c.id"
            f" WHERE c.screening_id {of_screening}",
        ),
        Part(
            name="assent",
            columns=(
                *("id", "screening_id", "document", "version", "answer", "reason", "delegated"),
                *("site_number", "signed_at"),
            ),
            source=f"assent WHERE screening_id {of_screening}",
        ),
        Part(
            name="assent_decision",
            columns=("assent_id", "screening_id", "reason", *signed),
            source=f"assent_decision WHERE screening_id {of_screening}",
        ),
        Part(
            name="eligibility",
            columns=("id", "screening_id", "version", "answers", "judgement", *signed, "by_investigator"),
            source=f"eligibility WHERE screening_id {of_screening}",
        ),
        Part(
            name="age_statement",
            columns=("id", "screening_id", "age_years", "stated_on", *signed),
            source=f"age_statement WHERE screening_id {of_screening}",
        ),
        Part(
            name="molecular_finding",
            columns=(
                *("id", "screening_id", "gene", "alteration", "detail", "result", "method"),
                "determined_on",
            ),
            source=f"molecular_finding WHERE screening_id {of_screening}",
        ),
    )


_PERSON = read_together(*person_parts("= $1"))
