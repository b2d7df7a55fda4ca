"""What must hold for a participant to be randomised, as guards like those of a registration.

Results are kept and answered to people who may be blinded, so nothing of an arm may enter them: neither a detail nor
an input, nor a refusal that only one arm would get.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.enrolment.domain.criteria import Answer, Entered, read_answer
from services.enrolment.domain.guards import GuardResult, check
from services.enrolment.domain.halt import Halt, HaltedAct, halts_covering
from services.enrolment.domain.ids import PartLevel, SiteId
from services.enrolment.domain.randomisation_terms import Moment, RandomisationTerms
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisingFacts:
    """What is looked at; `stopped`: no treatment any more; `today` is the site's local date.

    `earlier` says whether the randomisation before was made, `on_arm` whether it put them on an open arm that may go
    on: of a blinded arm nothing is looked at here.
    """

    terms: RandomisationTerms
    trial_status: TrialStatus
    site_status: SiteStatus
    activated: bool
    halts: tuple[Halt, ...]
    place: PartLevel
    site_id: SiteId
    voided: bool
    stopped: bool
    already: bool
    earlier: bool
    on_arm: bool
    group: str
    answers: Mapping[str, Entered]
    today: date


def evaluate_randomising(facts: RandomisingFacts) -> tuple[GuardResult, ...]:
    """Every guard's result, in order; numbers follow those of a registration."""
    return (*_trial_guards(facts), *_participant_guards(facts), *_own_guards(facts))


def _trial_guards(facts: RandomisingFacts) -> tuple[GuardResult, ...]:
    halts = halts_covering(facts.halts, HaltedAct.RECRUITMENT, facts.place, facts.site_id)
    everywhere = sorted(halt.id for halt in halts if halt.scope.site_id is None)
    here = sorted(halt.id for halt in halts if halt.scope.site_id is not None)
    status, site = facts.trial_status, facts.site_status
    going = {TrialStatus.OPEN} | ({TrialStatus.PAUSED} if halts else set())
    if facts.terms.at is Moment.LATER:
        # Whoever takes part goes on as the protocol says after the last place is taken.
        going.add(TrialStatus.CLOSED_TO_RECRUITMENT)
    return (
        check(
            status in going,
            3,
            "trial_open",
            "trial_not_open",
            f"The trial is {status.value}.",
            status=status.value,
        ),
        check(not everywhere, 4, "halt", "trial_halted", "Recruitment is halted.", halts=everywhere),
        check(not here, 5, "site_halt", "site_halted", "Recruitment is halted at this site.", halts=here),
        check(
            site is not SiteStatus.SUSPENDED,
            5,
            "site",
            "site_suspended",
            "The site is suspended.",
            site_status=site.value,
        ),
        check(
            facts.activated,
            6,
            "site_activation",
            "site_not_activated",
            "The site has no green light for a version with this randomisation.",
        ),
    )


def _participant_guards(facts: RandomisingFacts) -> tuple[GuardResult, ...]:
    part = facts.terms.part
    return (
        check(not facts.voided, 25, "registration", "registration_voided", "The registration was voided."),
        check(
            facts.place.part == part,
            26,
            "part",
            "randomisation_not_of_part",
            f"It is a randomisation of part {part}.",
            part=facts.place.part,
        ),
        check(not facts.stopped, 27, "treatment", "treatment_stopped", "Treatment has stopped."),
        check(
            not facts.already,
            28,
            "once",
            "already_randomised",
            "The participant was randomised here before; nobody is randomised twice.",
        ),
    )


def _own_guards(facts: RandomisingFacts) -> tuple[GuardResult, ...]:
    terms = facts.terms
    stated = facts.group in terms.groups if terms.groups else facts.group == ""
    unmet = unmet_answers(facts)
    return (
        check(
            facts.earlier or not terms.after,
            29,
            "earlier",
            "earlier_randomisation_missing",
            f"It follows the randomisation {terms.after}.",
            after=terms.after,
        ),
        _open_to_arm(facts),
        check(
            stated,
            31,
            "group",
            "randomisation_group_unknown",
            f"State one group of: {', '.join(sorted(terms.groups)) or 'none'}.",
        ),
        check(
            not unmet,
            32,
            "criteria",
            "randomisation_criteria_unmet",
            f"Not answered or not met: {', '.join(unmet)}.",
            criteria=sorted(terms.criteria),
            unmet=unmet,
        ),
    )


def _open_to_arm(facts: RandomisingFacts) -> GuardResult:
    """Whoever is refused for their arm has learnt it: where that arm is blinded, everybody is refused alike."""
    terms = facts.terms
    holds = not terms.for_arms or (not terms.earlier_blinded and facts.on_arm)
    code = "randomisation_would_unblind" if terms.earlier_blinded else "randomisation_not_for_arm"
    return check(holds, 30, "arm", code, "It is open to some arms of the earlier randomisation only.")


def unmet_answers(facts: RandomisingFacts) -> list[str]:
    """Ids of the randomisation's own criteria that the answers do not meet."""
    criteria = facts.terms.criteria
    return [
        name
        for name, criterion in sorted(criteria.items())
        if read_answer(criterion, facts.answers.get(name), facts.today) is not Answer.MET
    ]
