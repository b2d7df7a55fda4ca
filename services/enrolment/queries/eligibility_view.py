"""What the version in use asks of a screening's child, and what the answers and findings say to it today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import local_date
from services.enrolment.domain.criteria import Criterion, criteria_of, read_answer, valid_through
from services.enrolment.domain.eligibility import Eligibility
from services.enrolment.domain.molecular import MolecularFinding, unmet_biomarkers
from services.enrolment.domain.protocol_terms import NoTerms, rules_in_use
from services.enrolment.domain.registration_facts import PersonFacts
from services.enrolment.domain.screening import Screening
from services.enrolment.store.answers import answer_kept
from services.enrolment.store.consent_records import sample_uses_of
from services.enrolment.store.trials import green_lights_of, site_zone, versions_of
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionView:
    """One criterion; `entered` as somebody entered it, `answer` what that says, None where nothing was.

    `valid_through` is the last local date of the answer's own validity, None where it has none.
    """

    id: str
    kind: str
    text: str
    entered: Any
    answer: str
    valid_through: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedView:
    """`judgement` is the wording that the investigator signs in this kind of trial; empty where nothing is judged.

    All is empty while no protocol version is in use at the site.
    """

    protocol_version: str = ""
    judgement: str = ""
    criteria: Sequence[CriterionView] = ()
    findings: Sequence[MolecularFinding] = ()
    biomarkers_not_shown: Sequence[str] = ()
    sample_uses: Mapping[str, bool | None]


async def show_asked(tx: Tx, screening: Screening, person: PersonFacts, now: datetime) -> AskedView:
    """What is asked of this screening's part today."""
    uses = await sample_uses_of(tx, screening.id)
    green_lit = await green_lights_of(tx, screening.trial_id, screening.site_id)
    rules = rules_in_use(await versions_of(tx, screening.trial_id), green_lit, now)
    if isinstance(rules, NoTerms):
        return AskedView(sample_uses=dict(uses), findings=person.molecular)
    terms = rules.terms
    zone = ZoneInfo(await site_zone(tx, screening.trial_id, screening.site_id))
    asked = criteria_of(terms.criteria, terms.person.criteria, screening.part)
    eligibility = person.eligibility
    current = eligibility if eligibility and eligibility.version == terms.eligibility_version else None
    markers = terms.person.biomarkers.get(screening.part, ())
    return AskedView(
        protocol_version=terms.version,
        judgement=rules.kind.judgement,
        criteria=[_criterion(one, current, now, zone) for one in asked.values()],
        findings=person.molecular,
        biomarkers_not_shown=[str(one) for one in unmet_biomarkers(markers, person.molecular)],
        sample_uses={**dict.fromkeys(terms.person.sample_uses), **uses},
    )


def kept_answers(eligibility: Eligibility) -> dict[str, Any]:
    """Answers as they were entered, fit to show."""
    return {name: answer_kept(one) for name, one in eligibility.answers.items()}


def _criterion(
    criterion: Criterion, eligibility: Eligibility | None, now: datetime, zone: ZoneInfo
) -> CriterionView:
    entered = eligibility.answers.get(criterion.id) if eligibility else None
    signature = eligibility.signature if eligibility else None
    signed_on = local_date(signature.signed_at if signature else now, zone)
    return CriterionView(
        id=criterion.id,
        kind=criterion.kind.value,
        text=criterion.text,
        entered=None if entered is None else answer_kept(entered),
        answer=read_answer(criterion, entered, signed_on).value,
        valid_through=None if entered is None else valid_through(criterion, entered, signed_on),
    )
