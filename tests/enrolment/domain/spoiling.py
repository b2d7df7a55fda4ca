"""Changes that spoil one fact of a registration."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.enrolment.domain.age import AgeStatement, BirthMonth
from services.enrolment.domain.consent import Consent, ConsentPurpose, SignerCapacity
from services.enrolment.domain.criteria import Answer
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import ConsentId, HaltId, PersonId, ScreeningId
from services.enrolment.domain.registration import evaluate_guards
from services.enrolment.domain.registration_facts import RegistrationFacts
from services.enrolment.domain.signature import Signature
from services.enrolment.domain.slot_states import Open, Reserved, Slot

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Change = Callable[[RegistrationFacts], RegistrationFacts]


def trial(**fields: Any) -> Change:
    return lambda facts: replace(facts, trial=replace(facts.trial, **fields))


def person(**fields: Any) -> Change:
    return lambda facts: replace(facts, person=replace(facts.person, **fields))


def at(**fields: Any) -> Change:
    return lambda facts: replace(facts, at=replace(facts.at, **fields))


def whole(**fields: Any) -> Change:
    return lambda facts: replace(facts, **fields)


def terms(**fields: Any) -> Change:
    return lambda facts: trial(versions=(replace(facts.trial.versions[0], **fields),))(facts)


def halted(**scope: Any) -> Change:
    stops = {"recruitment": True, "dosing": False} | scope
    return trial(halts=(Halt(id=HaltId("halt-7"), scope=HaltScope(**stops), effective_at=NOW - DAY),))


def codes(facts: RegistrationFacts, now: datetime = NOW) -> list[str]:
    return [result.code for result in evaluate_guards(facts, now) if not result.passed]


def consent(**fields: Any) -> Consent:
    plain = Consent(
        id=ConsentId("c2"),
        document="parents",
        version="3.0",
        purpose=ConsentPurpose.PARENTAL_CONSENT,
        capacity=SignerCapacity.PARENTAL_RESPONSIBILITY,
        signed_at=NOW - DAY,
        delegated=True,
    )
    return replace(plain, **fields)


OWN = {
    "document": "young-adults",
    "purpose": ConsentPurpose.OWN_CONSENT,
    "capacity": SignerCapacity.PARTICIPANT,
}


def sixteen_today(facts: RegistrationFacts) -> RegistrationFacts:
    stated = AgeStatement(
        age_years=16,
        on=date(2026, 6, 15),
        signature=Signature(signed_by=PersonId("nurse"), signed_at=NOW, delegated=True),
    )
    return person(born=BirthMonth(year=2010, month=6), age_statements=(stated,))(facts)


def answers(**changed: Answer) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        if facts.person.eligibility is None:
            return facts
        met = {"inc-1": Answer.MET, "exc-1": Answer.MET}
        given = met | {name.replace("_", "-"): answer for name, answer in changed.items()}
        return person(eligibility=replace(facts.person.eligibility, answers=given))(facts)

    return change


def sign_off(**fields: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        eligibility = facts.person.eligibility
        if eligibility is None or eligibility.signature is None:
            return facts
        return person(eligibility=replace(eligibility, signature=replace(eligibility.signature, **fields)))(
            facts
        )

    return change


def judged(**fields: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        judgement = facts.person.judgement
        return facts if judgement is None else person(judgement=replace(judgement, **fields))(facts)

    return change


def decided(**fields: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        decision = facts.at.decision
        return facts if decision is None else at(decision=replace(decision, **fields))(facts)

    return change


def level(**fields: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        level = facts.at.level
        return facts if level is None else at(level=replace(level, **fields))(facts)

    return change


def policy(**fields: Any) -> Change:
    return lambda facts: whole(consent_policy=replace(facts.consent_policy, **fields))(facts)


def screening(name: str) -> Change:
    return lambda facts: whole(holder=replace(facts.holder, screening_id=ScreeningId(name)))(facts)


def replace_state(slot: Slot, state: Open) -> Slot:
    return replace(slot, state=state)


def slot_after(act: Callable[..., Slot], *args: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        slot = facts.at.slot
        still_reserved = slot is not None and isinstance(slot.state, Reserved)
        return at(slot=act(slot, *args))(facts) if still_reserved else facts

    return change
