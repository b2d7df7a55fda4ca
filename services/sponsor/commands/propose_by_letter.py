"""Entering a letter by which another organisation decided about a level of a hosted trial."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.sponsor.commands.permission import permitted_trial
from services.sponsor.commands.reassess_trial import copies_incomplete
from services.sponsor.domain.assessment import closed_elsewhere
from services.sponsor.domain.cohort_rule import CohortRule, places_available, rule_sha256
from services.sponsor.domain.decision import Decision, DecisionKind, Letter, text_hash
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId
from services.sponsor.domain.letter import (
    LetterGround,
    LetterOrder,
    StatedRule,
    decide_letter,
    rule_of_letter,
)
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.protocol_terms import PartTerms
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.standing import count
from services.sponsor.store.decisions import add_decision
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.trial_kinds import trial_kinds
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeByLetter:
    """`text` says in one's own words what the letter decides; `rule` is what it states about further children."""

    trial_id: str
    part: str
    level: int
    kind: DecisionKind
    places: int
    text: str
    letter: Letter
    rule: StatedRule | None


async def propose_by_letter(tx: Tx, command: ProposeByLetter, act: Act) -> Decision:
    """Keep what the letter decides until two people of the trial office have signed it in.

    Raises:
        Refused: `protocol_version_not_in_force`, `letter_only_when_hosted`, `part_unknown`,
            `part_without_levels`, `level_unknown`, `snapshot_source_stale`, and what `rule_of_letter` and
            `decide_letter` refuse.
    """
    letters = trial_kinds().letters
    office = sorted(role.value for role in letters.signing_roles)
    trial, act = await permitted_trial(tx, act, command.trial_id, office)
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        raise Refused("protocol_version_not_in_force", "No protocol version is in force.")
    if not picture.version.terms.hosted:
        raise Refused("letter_only_when_hosted", "The committee decides about this trial.")
    if not command.kind.restricts and await copies_incomplete(tx):
        raise Refused(
            "snapshot_source_stale", "Copies are being rebuilt.", sources={"own copies": "rebuilding"}
        )
    terms = picture.part(command.part)
    _ = terms.level_rule
    order = LetterOrder(
        id=DecisionId(act.new_id()),
        trial_id=trial.id,
        place=PartLevel(part=terms.part, level=command.level),
        level_label=terms.label(command.level),
        kind=command.kind,
        places=command.places,
        reason=command.text,
        letter=command.letter,
        proposed_by=PersonId(act.actor),
        proposed_at=act.now,
    )
    today = act.now.astimezone(ZoneInfo(picture.version.terms.zone)).date()
    decision = decide_letter(order, _ground(picture, terms, command), letters, today)
    await add_decision(tx, decision)
    await record(tx, act, decision.id, "dose-decision.letter-entered", _details(decision))
    return decision


def _ground(picture: TrialPicture, terms: PartTerms, command: ProposeByLetter) -> LetterGround:
    found = picture.recommend(terms.part)
    closed = picture.history(terms.part).eliminated | frozenset(found.closed_levels)
    if closed_elsewhere(terms, {part: picture.recommend(part) for part in picture.levelled}):
        closed |= {command.level}
    rule = rule_of_letter(terms, command.level, command.kind, command.rule, command.letter)
    return LetterGround(
        recommendation=found,
        closed=closed,
        rule=rule,
        places_left=_places_left(picture, terms, rule),
        earlier=picture.decisions,
    )


def _places_left(picture: TrialPicture, terms: PartTerms, rule: CohortRule | None) -> int:
    if rule is None:
        return 0
    in_part = sum(counts.n for counts in picture.counts(terms.part).values())
    left = None if terms.target is None else max(0, terms.target - in_part)
    return places_available(rule, count(picture.observed.counted, rule.counts), target_left=left)


def _details(decision: Decision) -> dict[str, object]:
    letter = decision.letter
    return {
        "trial_id": decision.trial_id,
        "part": decision.place.part,
        "level": decision.place.level,
        "kind": decision.kind.value,
        "places": decision.places,
        "letter": letter.reference if letter else "",
        "letter_sha256": decision.snapshot_sha256,
        "rule_sha256": None if decision.rule is None else rule_sha256(decision.rule),
        "sign_over": text_hash(decision.snapshot_sha256, decision.text),
    }
