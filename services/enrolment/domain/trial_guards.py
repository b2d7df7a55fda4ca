"""Registration guards 3 to 7: the trial, its halts, the site and the protocol version."""

from datetime import datetime

from services.enrolment.domain.guards import GuardResult, check, guard
from services.enrolment.domain.halt import Halt, HaltedAct, halts_covering
from services.enrolment.domain.ids import PartLevel
from services.enrolment.domain.protocol_terms import NoTerms, ProtocolTerms, terms_ended
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus
from services.enrolment.domain.registration_facts import Guards, RegistrationFacts


def _covering(facts: RegistrationFacts) -> tuple[Halt, ...]:
    return halts_covering(facts.trial.halts, HaltedAct.RECRUITMENT, facts.place, facts.holder.site_id)


def _not_halted(facts: RegistrationFacts, now: datetime) -> GuardResult:
    everywhere = tuple(halt for halt in _covering(facts) if halt.scope.site_id is None)
    detail = f"Halted: {_ids(everywhere)}."
    return check(not everywhere, 4, "halt", "trial_halted", detail, halts=_listed(everywhere))


def _ids(halts: tuple[Halt, ...]) -> str:
    return ", ".join(_listed(halts))


def _listed(halts: tuple[Halt, ...]) -> list[str]:
    return sorted(halt.id for halt in halts)


def _trial_open(facts: RegistrationFacts, now: datetime) -> GuardResult:
    # A pause is the trial's face of a halt: where the halt is known, guard 4 or 5 names it instead.
    status, halted = facts.trial.status, bool(_covering(facts))
    holds = status is TrialStatus.OPEN or (status is TrialStatus.PAUSED and halted)
    return check(
        holds, 3, "trial_open", "trial_not_open", f"The trial is {status.value}.", status=status.value
    )


def _site_running(facts: RegistrationFacts, now: datetime) -> GuardResult:
    status = facts.trial.site_status
    halts = tuple(halt for halt in _covering(facts) if halt.scope.site_id is not None)
    inputs: dict[str, object] = {"site_status": status.value, "halts": _listed(halts)}
    if halts:
        return guard(5, "site", "site_halted", f"Halted at this site: {_ids(halts)}.", **inputs)
    return check(
        status is not SiteStatus.SUSPENDED, 5, "site", "site_suspended", "The site is suspended.", **inputs
    )


def _activated(facts: RegistrationFacts, now: datetime) -> GuardResult:
    terms = facts.terms(now)
    version = terms.value if isinstance(terms, NoTerms) else terms.version
    # A suspension is guard 5's finding; the green light beneath it is still there.
    running = facts.trial.site_status in (SiteStatus.GREEN_LIGHT, SiteStatus.SUSPENDED)
    carried = not isinstance(terms, NoTerms) and _carries(terms, facts.place)
    return check(
        running and carried,
        6,
        "site_activation",
        "site_not_activated",
        f"The site has no green light for a version that carries part {facts.place.part}.",
        version=version,
        part=facts.place.part,
    )


def _carries(terms: ProtocolTerms, place: PartLevel) -> bool:
    """Whether the version has the part, and the level where it lists levels."""
    part = terms.parts.get(place.part)
    return part is not None and (not part.levels or place.level in part.levels)


def _not_sunset(facts: RegistrationFacts, now: datetime) -> GuardResult:
    terms = facts.terms(now)
    if isinstance(terms, NoTerms):
        return guard(7, "version", "", "", version=terms.value)
    detail = f"Version {terms.version} has ended; the site needs the green light for its successor."
    return check(not terms_ended(terms, now), 7, "version", "version_sunset", detail, version=terms.version)


TRIAL_GUARDS: Guards = {
    "trial_open": _trial_open,
    "halt": _not_halted,
    "site": _site_running,
    "site_activation": _activated,
    "version": _not_sunset,
}
