"""One registration that every guard lets through; tests spoil one fact at a time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.enrolment.domain.age import AgeStatement, BirthMonth, LeapDayBirthday
from services.enrolment.domain.cohort_counts import CohortCounts
from services.enrolment.domain.cohort_rule import Cell, RuleOutput, TableRule
from services.enrolment.domain.consent import (
    Assent,
    AssentAnswer,
    Consent,
    ConsentDocument,
    ConsentPolicy,
    ConsentPurpose,
    SignerCapacity,
)
from services.enrolment.domain.criteria import Answer
from services.enrolment.domain.eligibility import Eligibility, Judgement, JudgementStatement
from services.enrolment.domain.ids import (
    ConsentId,
    DecisionId,
    LevelId,
    ParticipantId,
    PartLevel,
    PersonId,
    ScreeningId,
    ScreeningNumber,
    SiteId,
    SlotId,
)
from services.enrolment.domain.levels import (
    DecisionAction,
    DecisionStanding,
    DoseLevel,
    LevelState,
    SignedDecision,
)
from services.enrolment.domain.protocol_terms import PartTerms, ProtocolTerms
from services.enrolment.domain.recruitment import SiteStatus, TargetPolicy, TrialStatus
from services.enrolment.domain.registration_facts import (
    Circulation,
    NumberOwner,
    PersonFacts,
    PlaceFacts,
    RegistrationFacts,
    TrialFacts,
)
from services.enrolment.domain.signature import Signature
from services.enrolment.domain.slot_states import Holder, Reserved, Slot, SlotOrigin
from services.enrolment.domain.stagger import AtLevel, StaggerPolicy
from services.enrolment.store.kinds import rules_of_kind

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
PLACE = PartLevel(part="escalation", level=2)
HOLDER = Holder(site_id=SiteId("site-a"), screening_id=ScreeningId("screening-1"))
SIGNED = Signature(signed_by=PersonId("investigator"), signed_at=NOW - timedelta(days=2), delegated=True)
DOCUMENTS = (
    ConsentDocument(
        document="parents",
        version="3.0",
        purpose=ConsentPurpose.PARENTAL_CONSENT,
        from_years=0,
        below_years=16,
    ),
    ConsentDocument(
        document="young-adults",
        version="3.0",
        purpose=ConsentPurpose.OWN_CONSENT,
        from_years=16,
        below_years=121,
    ),
    ConsentDocument(
        document="teenagers", version="3.0", purpose=ConsentPurpose.ASSENT, from_years=11, below_years=16
    ),
)


@pytest.fixture
def now() -> datetime:
    return NOW


def _terms() -> ProtocolTerms:
    return ProtocolTerms(
        version="3.0",
        effective_at=NOW - timedelta(days=100),
        parts={"escalation": PartTerms(age_from=1, age_below=18, target=20)},
        consent_documents=DOCUMENTS,
        eligibility_version="3.0",
        criteria=frozenset({"inc-1", "exc-1"}),
        eligibility_valid_days=7,
    )


def _person() -> PersonFacts:
    """A child of 13 who assented, whose parent consented."""
    return PersonFacts(
        born=BirthMonth(year=2013, month=1),
        age_statements=(AgeStatement(age_years=13, on=date(2026, 6, 15), signature=SIGNED),),
        leap_day=LeapDayBirthday.ON_1_MARCH,
        consents=(
            Consent(
                id=ConsentId("consent-1"),
                document="parents",
                version="3.0",
                purpose=ConsentPurpose.PARENTAL_CONSENT,
                capacity=SignerCapacity.PARENTAL_RESPONSIBILITY,
                signed_at=NOW - timedelta(days=5),
                delegated=True,
            ),
        ),
        assent=Assent(answer=AssentAnswer.GIVEN, document="teenagers", version="3.0", delegated=True),
        eligibility=Eligibility(
            version="3.0", answers={"inc-1": Answer.MET, "exc-1": Answer.MET}, signature=SIGNED
        ),
        judgement=JudgementStatement(
            judgement=Judgement.IN_INTERESTS, by_investigator=True, signature=SIGNED
        ),
    )


def _at() -> PlaceFacts:
    rule = TableRule(
        source={"design": "rolling_six"}, counts=(PLACE,), rows={Cell(n=2, dlt=0, pending=1): RuleOutput.SAME}
    )
    return PlaceFacts(
        level=DoseLevel(
            id=LevelId("level-2"), place=PLACE, state=LevelState.OPEN, opened_by=DecisionId("decision-1")
        ),
        decision=SignedDecision(
            id=DecisionId("decision-1"),
            place=PLACE,
            action=DecisionAction.OPEN,
            standing=DecisionStanding.IN_FORCE,
            quorate=True,
            signed_at=NOW - timedelta(days=10),
            rule=rule,
            places=6,
        ),
        circulation=Circulation(required=True, received=True),
        counts=CohortCounts(n=2, dlt=0, pending=1),
        registered_in_part=8,
        target_policy=TargetPolicy(),
        caps=(),
        slot=Slot(
            id=SlotId("slot-1"),
            place=PLACE,
            origin=SlotOrigin.DECISION,
            opened_at=NOW - timedelta(days=10),
            state=Reserved(
                holder=HOLDER, reserved_at=NOW - timedelta(hours=10), expires_at=NOW + timedelta(hours=62)
            ),
        ),
        stagger=StaggerPolicy(),
        candidate=AtLevel(participant_id=ParticipantId("p9"), registered_at=NOW),
        others_at_level=(),
    )


@pytest.fixture
def ready() -> RegistrationFacts:
    return RegistrationFacts(
        kind=rules_of_kind("dose_finding"),
        place=PLACE,
        holder=HOLDER,
        zone=ZoneInfo("Europe/London"),
        consent_policy=ConsentPolicy(
            ctimp=True, country="GB", age_of_consent={"GB": 16}, assent_from_years=6
        ),
        trial=TrialFacts(
            status=TrialStatus.OPEN,
            halts=(),
            site_status=SiteStatus.GREEN_LIGHT,
            versions=(_terms(),),
            green_lit=frozenset({"3.0"}),
        ),
        person=_person(),
        at=_at(),
        screening_number=str(ScreeningNumber(site="012", sequence=7)),
        number_owner=NumberOwner.THIS_SITE,
        version_read=4,
        version_now=4,
        claimed_times={"consent_signed_at": NOW - timedelta(days=5)},
    )
