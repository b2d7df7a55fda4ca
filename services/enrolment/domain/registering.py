"""The facts of one registration, put together from the trial's board and the screening's record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import LeapDayBirthday
from services.enrolment.domain.board import Board, SitePlace, SlotRecord
from services.enrolment.domain.cohort_rule import NoRule
from services.enrolment.domain.consent import ConsentPolicy
from services.enrolment.domain.ids import LevelId, ParticipantId, PartLevel, SiteId
from services.enrolment.domain.kinds import KindRules
from services.enrolment.domain.levels import DecisionAction, DoseLevel, SignedDecision
from services.enrolment.domain.protocol_terms import NoTerms, PartTerms, VersionRules, rules_in_use
from services.enrolment.domain.recruitment import SiteStatus
from services.enrolment.domain.registration_facts import (
    Circulation,
    NumberOwner,
    PersonFacts,
    PlaceFacts,
    RegistrationFacts,
    TrialFacts,
)
from services.enrolment.domain.screening import Screening
from services.enrolment.domain.stagger import AtLevel, StaggerPolicy, evaluate_stagger

LEAP_DAY = LeapDayBirthday.ON_1_MARCH
"""The protocol file names no country rule; in common years somebody born on a leap day waits until 1 March."""

UNKNOWN_SITE = SitePlace(
    number=SiteId(""), status=SiteStatus.INVITED, zone="UTC", country="", green_lit=frozenset()
)
NO_CONSENT_POLICY = ConsentPolicy(ctimp=True, country="", age_of_consent={}, assent_from_years=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registering:
    """What a registration is decided on: read under the trial's lock, after freshness was shown.

    `slot` is None where none was named. `kind` is the trial's, by the version in use at the site or, where no
    version is, by the newest.
    """

    kind: KindRules
    board: Board
    versions: Sequence[VersionRules]
    screening: Screening
    person: PersonFacts
    place: PartLevel
    slot: SlotRecord | None
    received: bool
    version_read: int
    candidate: ParticipantId
    number_owner: NumberOwner = NumberOwner.THIS_SITE

    @property
    def site(self) -> SitePlace:
        return self.board.sites.get(self.screening.site_id, UNKNOWN_SITE)

    def rules(self, now: datetime) -> VersionRules | NoTerms:
        return rules_in_use(self.versions, self.site.green_lit, now)

    def level(self) -> DoseLevel | None:
        """The level with everything that holds it; None for a part that has none."""
        if not self.place.has_levels:
            return None
        # A level that no settlement has prepared yet is as closed as one that nobody has opened.
        unknown = DoseLevel(id=LevelId(""), place=self.place)
        return self.board.held_level(self.place) or unknown

    def decision(self, now: datetime) -> SignedDecision | None:
        """The decision that the level rests on; applied here before, whatever the sponsor's clock said."""
        level = self.level()
        opened_by = level.opened_by if level else None
        known = self.board.decisions.get(opened_by) if opened_by else None
        if known is None or known.applied_at is None:
            return None
        earlier = min(known.applied_at, now - timedelta(microseconds=1))
        return known.signed(DecisionAction.OPEN, earlier)


def registration_facts(registering: Registering, now: datetime) -> RegistrationFacts:
    """Everything that guards 3 to 24 look at."""
    screening, site, board = registering.screening, registering.site, registering.board
    rules = registering.rules(now)
    policy = NO_CONSENT_POLICY if isinstance(rules, NoTerms) else rules.consent_policy(site.country)
    return RegistrationFacts(
        kind=registering.kind,
        place=registering.place,
        holder=screening.holder,
        zone=ZoneInfo(site.zone),
        consent_policy=policy,
        trial=TrialFacts(
            status=board.status,
            halts=board.halts,
            site_status=site.status,
            versions=[version.terms for version in registering.versions],
            green_lit=site.green_lit,
        ),
        person=registering.person,
        at=_place_facts(registering, rules, now),
        screening_number=screening.number,
        number_owner=registering.number_owner,
        version_read=registering.version_read,
        version_now=screening.version,
        claimed_times=_claims(registering.person),
    )


def _place_facts(registering: Registering, rules: VersionRules | NoTerms, now: datetime) -> PlaceFacts:
    board, place = registering.board, registering.place
    decision = registering.decision(now)
    required = True if isinstance(rules, NoTerms) else rules.circulation_receipts
    return PlaceFacts(
        level=registering.level(),
        decision=decision,
        circulation=Circulation(required=required, received=registering.received),
        counts=board.counts(decision.rule if decision else NoRule(), place),
        registered_in_part=board.registered_in_part(place.part),
        target_policy=_part(rules, place.part).target_policy,
        caps=board.caps(registering.screening.site_id),
        slot=registering.slot.slot if registering.slot else None,
        stagger=StaggerPolicy() if isinstance(rules, NoTerms) else rules.stagger,
        candidate=AtLevel(participant_id=registering.candidate, registered_at=now),
        others_at_level=others_at_level(board, place, registering.candidate, now),
    )


def _part(rules: VersionRules | NoTerms, part: str) -> PartTerms:
    """The part's terms; where no version in use has it, guard 6 refuses and no target is known."""
    found = None if isinstance(rules, NoTerms) else rules.terms.parts.get(part)
    return found or PartTerms(age_from=0, age_below=0)


def others_at_level(board: Board, place: PartLevel, but: ParticipantId, now: datetime) -> tuple[AtLevel, ...]:
    """Everybody else at the level who was dosed or may still be, for sentinels and intervals."""
    return tuple(
        member.at_level(now)
        for member in board.members.values()
        if member.cohort.place == place
        and member.cohort.participant_id != but
        and member.cohort.counts
        and (member.first_dose_at is not None or member.to_be_dosed)
    )


def earliest_first_dose(
    board: Board, place: PartLevel, stagger: StaggerPolicy, now: datetime
) -> datetime | None:
    """When a participant registered now could get the first dose; None while no date can be named."""
    candidate = AtLevel(participant_id=ParticipantId("~"), registered_at=now)
    others = others_at_level(board, place, candidate.participant_id, now)
    return evaluate_stagger(stagger, candidate, others, now).earliest_at


def _claims(person: PersonFacts) -> dict[str, datetime]:
    claims = {
        f"consent_signed_at_{number}": it.signed_at for number, it in enumerate(person.consents, start=1)
    }
    if person.eligibility is not None and person.eligibility.signature is not None:
        claims["eligibility_signed_at"] = person.eligibility.signature.signed_at
    return claims
