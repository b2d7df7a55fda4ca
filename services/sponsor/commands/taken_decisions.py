"""Decisions of a trial that is taken over: read from the folder, checked, kept as other people's signed letters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.sponsor.commands.announcements import decision_signed
from services.sponsor.commands.import_sites import PERSON
from services.sponsor.domain.cohort_rule import CohortRule, RuleAnswer
from services.sponsor.domain.course import is_followed_by
from services.sponsor.domain.decision import (
    Decision,
    DecisionKind,
    DecisionState,
    EndedBecause,
    Letter,
    Signature,
    supersede,
    text_hash,
)
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId, ProofId
from services.sponsor.domain.letter import StatedBoundary, StatedRows, StatedRule, rule_of_letter
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.quorum import SigningRules, missing_roles
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.store.decisions import add_decision, add_signature, number_force, save_state
from shared.act import Act
from shared.csv_tables import BadRow
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel
from shared.outbox import put
from shared.signed_folders import derived_id, read_document

FILE = "decisions.json"
MEANING = "approved"
Number = Annotated[int, Field(ge=0, le=500)]


class RuleFile(StrictModel):
    """What holds for the next child: rows [n, dlt, pending, answer] of the design, or a boundary; never looser."""

    rows: list[tuple[Number, Number, Number, RuleAnswer]] | None = None
    close_if_dlts_at_least: (
        dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")], Number] | None
    ) = None
    max_evaluable: Number | None = None

    def stated(self) -> StatedRule | None:
        """None when it is neither of the two, or both."""
        boundary = self.close_if_dlts_at_least
        if self.rows and boundary is None and self.max_evaluable is None:
            return StatedRows(rows={(n, dlt, pending): answer for n, dlt, pending, answer in self.rows})
        if self.rows is None and boundary and self.max_evaluable:
            limits = {int(evaluable): dlts for evaluable, dlts in boundary.items()}
            return StatedBoundary(close_if_dlts_at_least=limits, max_evaluable=self.max_evaluable)
        return None


class LetterFile(StrictModel):
    """The document by which it was decided; it stays where it is kept."""

    reference: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
    dated: Day
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    sender: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class SignatureFile(StrictModel):
    person: Annotated[str, StringConstraints(pattern=f"^{PERSON}$")]
    role: Role
    signed_at: Instant


class DecisionFile(StrictModel):
    """One decision; `id` is the old system's. A `rule` left out is the protocol's own."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$")]
    kind: DecisionKind
    part: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    level: Annotated[int, Field(ge=1, le=20)]
    places: Annotated[int, Field(ge=0, le=500)] = 0
    rule: RuleFile | None = None
    letter: LetterFile
    signed_by: Annotated[list[SignatureFile], Field(min_length=1, max_length=20)]
    in_force_at: Instant


class DecisionsFile(StrictModel):
    format: Literal["trialops-decisions/1"]
    decisions: Annotated[list[DecisionFile], Field(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsPlanned:
    """In the order in which they took force, as they stood then; nothing is done while `bad` has entries."""

    decisions: Sequence[Decision]
    bad: Sequence[BadRow]


def plan_decisions(act: Act, picture: TrialPicture, sha256: str, text: str) -> DecisionsPlanned:
    """The decisions of the folder with this hash, measured against the protocol in force here."""
    document, bad = read_document(FILE, text, DecisionsFile)
    if document is None:
        return DecisionsPlanned(decisions=(), bad=bad)
    planned: list[Decision] = []
    seen: set[str] = set()
    before: datetime | None = None
    for number, stated in enumerate(document.decisions, start=1):
        wrong = list(_wrong(act, picture, stated, before))
        if stated.id in seen:
            wrong.append(("id", "repeated"))
        seen.add(stated.id)
        before = stated.in_force_at
        rule = None
        try:
            rule = _rule(picture, stated) if not wrong else None
        except Refused as refused:
            wrong.append(("rule", refused.code))
        bad += [BadRow(file=FILE, row=number, column=column, rule=broken) for column, broken in wrong]
        if not wrong:
            planned.append(_decision(act, picture, sha256, stated, rule))
    return DecisionsPlanned(decisions=planned, bad=bad)


def _wrong(
    act: Act, picture: TrialPicture, stated: DecisionFile, before: datetime | None
) -> Iterator[tuple[str, str]]:
    terms = picture.levelled.get(stated.part)
    if terms is None:
        yield "part", "part_unknown"
    elif stated.level > terms.levels:
        yield "level", "level_unknown"
    if stated.kind.opens_places != (stated.places > 0):
        yield "places", "places_invalid"
    if stated.rule is not None and stated.rule.stated() is None:
        yield "rule", "form"
    if stated.in_force_at > act.now:
        yield "in_force_at", "time_in_future"
    if before is not None and stated.in_force_at <= before:
        yield "in_force_at", "order"
    if any(signature.signed_at > stated.in_force_at for signature in stated.signed_by):
        yield "signed_by", "signed_later"
    yield from _unsigned(_rules(picture), stated)


def _rules(picture: TrialPicture) -> SigningRules:
    return picture.version.terms.signing or SigningRules(required_roles=(), minimum_signers=2)


def _unsigned(rules: SigningRules, stated: DecisionFile) -> Iterator[tuple[str, str]]:
    """A decision that lets somebody in was signed by all whom the protocol asks, each a person of their own."""
    people = {signature.person for signature in stated.signed_by}
    if len(people) != len(stated.signed_by):
        yield "signed_by", "second_person_required"
    if stated.kind.restricts:
        return
    if len(people) < max(2, rules.minimum_signers):
        yield "signed_by", "signers_missing"
    if missing_roles(rules, [signature.role for signature in stated.signed_by]):
        yield "signed_by", "roles_missing"


def _rule(picture: TrialPicture, stated: DecisionFile) -> CohortRule | None:
    rule = stated.rule.stated() if stated.rule else None
    return rule_of_letter(picture.part(stated.part), stated.level, stated.kind, rule, _letter(stated))


def _letter(stated: DecisionFile) -> Letter:
    letter = stated.letter
    return Letter(reference=letter.reference, dated=letter.dated, sha256=letter.sha256, sender=letter.sender)


def _decision(
    act: Act, picture: TrialPicture, sha256: str, stated: DecisionFile, rule: CohortRule | None
) -> Decision:
    letter = _letter(stated)
    text = (
        f"Taken over: decision {stated.id}, {stated.kind} of part {stated.part} level {stated.level},"
        f" places {stated.places}, by {letter.reference} of {letter.dated.isoformat()}, folder {sha256}"
    )
    signed_hash = text_hash(letter.sha256, text)
    return Decision(
        id=DecisionId(derived_id(sha256, "decision", stated.id, stated.in_force_at)),
        trial_id=picture.trial.id,
        place=PartLevel(part=stated.part, level=stated.level),
        kind=stated.kind,
        places=stated.places,
        rule=rule,
        recommendation=picture.recommend(stated.part),
        reasons=(),
        snapshot_sha256=letter.sha256,
        letter=letter,
        text=text,
        rules=_rules(picture),
        proposed_by=PersonId(act.actor),
        proposed_at=act.now,
        state=DecisionState.IN_FORCE,
        signatures=tuple(_signature(one, signed_hash, sha256) for one in stated.signed_by),
        in_force_at=stated.in_force_at,
    )


def _signature(stated: SignatureFile, signed_hash: str, sha256: str) -> Signature:
    """As the old system keeps it; its proof is the folder, which two people signed here."""
    return Signature(
        person_id=PersonId(stated.person),
        printed_name=stated.person,
        role=stated.role,
        meaning=MEANING,
        signed_at=stated.signed_at,
        signed_hash=signed_hash,
        proof_id=ProofId(f"take-over:{sha256}"),
    )


async def keep_decisions(tx: Tx, act: Act, decisions: Sequence[Decision]) -> None:
    """Each as it took force, told to everybody, then followed by those that came later."""
    for decision in decisions:
        await add_decision(tx, decision)
        for count in range(1, len(decision.signatures) + 1):
            await add_signature(tx, replace(decision, signatures=decision.signatures[:count]))
        await number_force(tx, decision)
        await put(tx, act, decision_signed(decision))
    for decision_id, at in _followed(decisions).items():
        earlier = next(one for one in decisions if one.id == decision_id)
        await save_state(tx, supersede(earlier, EndedBecause.NEWER_DECISION, at))


def _followed(decisions: Sequence[Decision]) -> Mapping[DecisionId, datetime]:
    """Decisions that a later one follows, with the instant at which the first of those took force."""
    followed: dict[DecisionId, datetime] = {}
    for place, earlier in enumerate(decisions):
        for later in decisions[place + 1 :]:
            if is_followed_by(earlier, later) and later.in_force_at is not None:
                followed.setdefault(earlier.id, later.in_force_at)
    return followed
