"""Randomise a participant: guards, draw and record in one transaction; the arm is known to nobody before its commit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from services.enrolment.commands.announce_randomised import arm_allocated, randomisation_committed
from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.authorise_dose import course_of
from services.enrolment.commands.blinding import refuse_who_sees
from services.enrolment.commands.draw_arm import draw_arm
from services.enrolment.commands.permission import delegations_unknown, has_duty
from services.enrolment.domain.age import local_date
from services.enrolment.domain.criteria import Entered
from services.enrolment.domain.guards import GuardResult, duty_guard, freshness_guard, refusal_from
from services.enrolment.domain.ids import PartLevel, SiteId
from services.enrolment.domain.protocol_terms import NoTerms, rules_in_use
from services.enrolment.domain.randomisation_records import Randomised
from services.enrolment.domain.randomisation_terms import RandomisationTerms, find_randomisation, levels_of
from services.enrolment.domain.randomising_guards import RandomisingFacts, evaluate_randomising
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.registering import UNKNOWN_SITE
from services.enrolment.domain.roles import INVESTIGATOR
from services.enrolment.store.answers import answer_kept
from services.enrolment.store.boards import load_board
from services.enrolment.store.participants import Participant, result_document
from services.enrolment.store.randomisation_terms import randomisations_of
from services.enrolment.store.randomised import insert_randomised, randomised_of
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.freshness import FreshnessRule, Stale, first_stale
from shared.outbox import put_all

NO_VERSION = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomiseParticipant:
    """`levels` by factor, without the site; `group` empty where the randomisation states none."""

    participant_id: str
    randomisation: str
    levels: Mapping[str, str]
    group: str
    answers: Mapping[str, Entered]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRandomised:
    refused: Refused
    stale: Stale | None = None


async def randomise_participant(
    tx: Tx, command: RandomiseParticipant, act: Act, freshness: FreshnessRule
) -> Randomised | NotRandomised:
    """That the participant was randomised, or the refusal with every failing guard; nothing names a blinded arm.

    Raises:
        Refused: `randomisation_unknown`, `factor_unknown`, `criteria_unknown`, `randomisation_list_missing`,
            `randomisation_list_exhausted`, `blinding_roles_conflict`.
    """
    allowed, participant = await participant_under_gate(tx, act, INVESTIGATOR, command.participant_id)
    act = allowed.act
    await refuse_who_sees(tx, allowed)
    delegated = await has_duty(tx, act, participant.trial_id, participant.site_number, INVESTIGATOR)
    stale = await first_stale(tx, freshness, participant.trial_id)
    results = [duty_guard(duty="randomise", delegated=delegated, visible=True)]
    if not delegated and not delegations_unknown(stale):
        return await _refuse(tx, act, command, participant, results)
    results = results if delegated else []
    results.append(freshness_guard([stale.producer] if stale else []))
    if stale is not None:
        return await _refuse(tx, act, command, participant, results, stale)
    facts, version = await _facts(tx, act, command, participant)
    results += evaluate_randomising(facts)
    if refusal_from(results) is not None:
        return await _refuse(tx, act, command, participant, results)
    levels = levels_of(facts.terms, command.levels, participant.site_number)
    if set(command.answers) - set(facts.terms.criteria):
        raise Refused(
            "criteria_unknown", "An answer names a criterion that this randomisation does not have."
        )
    return await _randomise(tx, act, command, participant, facts.terms, version, levels)


async def _facts(
    tx: Tx, act: Act, command: RandomiseParticipant, participant: Participant
) -> tuple[RandomisingFacts, str]:
    """What the guards look at, and the protocol version in use at the site; no table of arms is read."""
    board = await load_board(tx, participant.trial_id, act.now)
    site = board.sites.get(SiteId(participant.site_number), UNKNOWN_SITE)
    rules = rules_in_use(await versions_of(tx, participant.trial_id), site.green_lit, act.now)
    version = NO_VERSION if isinstance(rules, NoTerms) else rules.terms.version
    known = await randomisations_of(tx, participant.trial_id)
    listed = known.get(version) or next(reversed(known.values()), ())
    terms = find_randomisation(listed, command.randomisation)
    before = {one.randomisation: one for one in await randomised_of(tx, participant.id)}
    facts = RandomisingFacts(
        terms=terms,
        trial_status=board.status,
        site_status=site.status,
        activated=version != NO_VERSION,
        halts=board.halts,
        place=PartLevel(part=participant.part, level=participant.level),
        site_id=SiteId(participant.site_number),
        voided=participant.voided_at is not None,
        stopped=course_of(participant).treatment_stopped,
        already=terms.code in before,
        earlier=terms.after in before,
        on_arm=terms.after in before and before[terms.after].open_arm in terms.for_arms,
        group=command.group,
        answers=command.answers,
        today=local_date(act.now, ZoneInfo(site.zone)),
    )
    return facts, version


async def _randomise(
    tx: Tx,
    act: Act,
    command: RandomiseParticipant,
    participant: Participant,
    terms: RandomisationTerms,
    version: str,
    levels: Mapping[str, str],
) -> Randomised:
    randomised = Randomised(
        id=act.new_id(),
        trial_id=participant.trial_id,
        randomisation=terms.code,
        participant_id=participant.id,
        site_number=participant.site_number,
        design_version=terms.version,
        protocol_version=version,
        levels=levels,
        stated_group=command.group,
        answers={name: answer_kept(entered) for name, entered in command.answers.items()},
        open_arm="",
        randomised_by=act.actor,
        randomised_at=act.now,
    )
    drawn = await draw_arm(tx, terms, participant, randomised)
    if not terms.blinded:
        randomised = replace(randomised, open_arm=drawn.allocation.arm)
    await insert_randomised(tx, randomised)
    committed = randomisation_committed(randomised, part=participant.part, blinded=terms.blinded)
    await put_all(tx, act, [committed, arm_allocated(terms, drawn, participant.number)])
    return randomised


async def _refuse(
    tx: Tx,
    act: Act,
    command: RandomiseParticipant,
    participant: Participant,
    results: list[GuardResult],
    stale: Stale | None = None,
) -> NotRandomised:
    refused = refusal_from(results)
    assert refused is not None
    details = {
        "randomisation": command.randomisation,
        "results": [result_document(result) for result in results],
    }
    await record_audit(tx, act, participant.id, "randomisation.refused", details)
    return NotRandomised(refused=refused, stale=stale)
