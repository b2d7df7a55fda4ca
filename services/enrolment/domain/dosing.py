"""Authorising a dose, which is guarded. Recording one that was given is not: see `dose_recording`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.enrolment.domain.consent import Consent, ConsentPolicy, adult_consent_due
from services.enrolment.domain.guards import GuardResult, check
from services.enrolment.domain.halt import Halt, HaltedAct, halts_covering
from services.enrolment.domain.ids import PartLevel, PersonId, SiteId
from services.enrolment.domain.levels import DecisionStanding
from services.enrolment.domain.participation import Participation
from services.enrolment.domain.recruitment import TrialStatus
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.stagger import Stagger, StaggerStatus

COUNTERSIGN_WITHIN = timedelta(hours=24)
# What investigator and medical monitor may set aside for one child; a stop of treatment is never among them.
SET_ASIDE = frozenset({"dosing_halted", "trial_state_unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseFacts:
    """What the dose guards need; `stagger` matters for a first dose only.

    Without a dose level there is nothing to stagger and no allocation: `stagger` and `allocated_by` are None, and
    their guards are not evaluated.

    `allocated_by` is the standing of the decision behind the participant's allocation; one that a later
    decision followed in the ordinary course still carries the treatment of those allocated by it.
    `consented_at_site` is false after a transfer until the receiving site has taken consent.
    """

    place: PartLevel
    site_id: SiteId
    trial_status: TrialStatus
    halts: tuple[Halt, ...]
    first_dose: bool
    stagger: Stagger | None
    consents: tuple[Consent, ...]
    ages: frozenset[int]
    consent_policy: ConsentPolicy
    adult_consent_blocks_dosing: bool
    participation: Participation
    allocated_by: DecisionStanding | None
    consented_at_site: bool = True


def evaluate_dose_guards(facts: DoseFacts) -> tuple[GuardResult, ...]:
    """Results of the guards for authorising a dose, numbered in their order; freshness comes before them.

    Returns:
        Every result; `guards.refusal_from` makes the refusal of them. Treatment in progress goes on past the
        age of consent unless the trial is configured otherwise.
    """
    stagger, standing = facts.stagger, facts.allocated_by
    return (
        _treating(facts),
        _halt(facts),
        *(() if stagger is None else (_stagger(facts, stagger),)),
        _adult_consent(facts),
        _participation(facts.participation),
        *(() if standing is None else (_allocation(standing),)),
        _consent_at_site(facts),
    )


def _treating(facts: DoseFacts) -> GuardResult:
    status = facts.trial_status
    holds = status in (TrialStatus.OPEN, TrialStatus.PAUSED, TrialStatus.CLOSED_TO_RECRUITMENT)
    detail = f"The trial is {status.value}."
    return check(holds, 1, "trial_treating", "trial_not_open", detail, status=status.value)


def _halt(facts: DoseFacts) -> GuardResult:
    covering = halts_covering(facts.halts, HaltedAct.DOSING, facts.place, facts.site_id)
    halts = sorted(halt.id for halt in covering)
    return check(not halts, 2, "halt", "dosing_halted", f"Dosing halted: {', '.join(halts)}.", halts=halts)


def _stagger(facts: DoseFacts, stagger: Stagger) -> GuardResult:
    earliest = None if stagger.earliest_at is None else stagger.earliest_at.isoformat()
    waits = facts.first_dose and stagger.status is not StaggerStatus.CLEAR
    detail = f"Earliest first dose: {earliest or 'no date yet'}."
    return check(
        not waits, 3, "stagger", stagger.code, detail, first_dose=facts.first_dose, earliest_dosing=earliest
    )


def _adult_consent(facts: DoseFacts) -> GuardResult:
    due = adult_consent_due(facts.consents, facts.ages, facts.consent_policy)
    return check(
        not (due and facts.adult_consent_blocks_dosing),
        4,
        "adult_consent",
        "adult_consent_due",
        "The age of consent is reached or may be; own consent is not recorded.",
        due=due,
        blocks_dosing=facts.adult_consent_blocks_dosing,
    )


def evaluate_own_dose_guards(participation: Participation) -> tuple[GuardResult, ...]:
    """The guards that rest on this service's own facts alone, for when nothing is known of the others'."""
    return (_participation(participation),)


def _participation(participation: Participation) -> GuardResult:
    return check(
        not participation.treatment_stopped,
        5,
        "participation",
        "treatment_stopped",
        "Treatment of this participant has stopped.",
        stopped=sorted(element.value for element in participation.stopped),
    )


def _allocation(standing: DecisionStanding) -> GuardResult:
    return check(
        standing in (DecisionStanding.IN_FORCE, DecisionStanding.FOLLOWED),
        6,
        "allocation",
        "decision_superseded",
        f"The decision behind the allocation is {standing.value}.",
        standing=standing.value,
    )


def _consent_at_site(facts: DoseFacts) -> GuardResult:
    return check(
        facts.consented_at_site,
        7,
        "consent_at_site",
        "consent_missing",
        "The site has not taken consent since the participant was transferred to it.",
        consented=facts.consented_at_site,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChildAuthorisation:
    """One dose for one participant, authorised by two people despite a halt or an unknown trial state."""

    reason: str
    investigator: PersonId
    medical_monitor: PersonId
    set_aside: tuple[str, ...]
    countersign_due_at: datetime


def decide_named_child_authorisation(
    results: Sequence[GuardResult],
    reason: str,
    investigator: PersonId,
    medical_monitor: PersonId,
    now: datetime,
) -> NamedChildAuthorisation:
    """Sets aside a halt or missing freshness for one participant whom withholding the dose would harm.

    Args:
        results: the dose guards, freshness included.
        reason: why withholding harms.
        investigator: the investigator, delegated at the site.
        medical_monitor: the trial's medical monitor, another person.
        now: the agreement, by telephone if need be; both countersign within 24 hours.

    Raises:
        Refused: `reason_required`, `second_person_required`, `override_not_possible` when another guard fails
            (nobody sets aside that treatment was stopped), or `override_not_needed` when none does.
    """
    if not reason.strip():
        raise Refused("reason_required", "Say why withholding the dose would harm.")
    if investigator == medical_monitor:
        raise Refused("second_person_required", "Investigator and medical monitor are two people.")
    failing = tuple(result.code for result in results if not result.passed)
    if not set(failing) <= SET_ASIDE:
        raise Refused("override_not_possible", "Another obstacle stands.", codes=list(failing))
    if not failing:
        raise Refused("override_not_needed", "Authorise the dose in the ordinary way.")
    return NamedChildAuthorisation(
        reason=reason,
        investigator=investigator,
        medical_monitor=medical_monitor,
        set_aside=failing,
        countersign_due_at=now + COUNTERSIGN_WITHIN,
    )
