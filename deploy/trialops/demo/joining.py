"""What a trial unit writes down before anybody joins: age, consent and assent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from deploy.trialops.demo.stage import Person
from shared.clock import format_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The forms of a protocol: from which age people consent themselves, and which form asks for assent."""

    own_consent_from: int
    assent: str
    sample_uses: Mapping[str, bool] = field(default_factory=dict)


def month_of_birth(age_years: int, birth_month: int, today: date) -> dict[str, int]:
    """Year and month of birth that make a child this old today, whatever the day."""
    before_birthday = birth_month >= today.month
    return {"year": today.year - age_years - int(before_birthday), "month": birth_month}


async def sign_forms(
    investigator: Person, path: str, forms: Forms, *, age_years: int, now: datetime, today: date
) -> None:
    """The age as the site knows it, the consent and, from seven years on, the assent.

    Args:
        investigator: takes and signs them.
        path: of the screening.
        forms: of the protocol.
        age_years: completed years on `today`.
        now: domain time.
        today: the site's local date.
    """
    signed_at, adult = format_instant(now), age_years >= forms.own_consent_from
    statement = {"years": age_years, "on": today.isoformat()}
    await investigator.post("enrolment", f"{path}/age-statements", statement)
    consent: dict[str, object] = {
        "purpose": "own_consent" if adult else "parental_consent",
        "document": "own-consent" if adult else "parental-consent",
        "version": "1.0",
        "capacity": "participant" if adult else "parental_responsibility",
        "signed_at": signed_at,
    }
    if forms.sample_uses:
        consent["sample_uses"] = dict(forms.sample_uses)
    await investigator.post("enrolment", f"{path}/consents", consent)
    if age_years >= 7 and not adult:
        assent = {"answer": "given", "document": forms.assent, "version": "1.0", "signed_at": signed_at}
        await investigator.post("enrolment", f"{path}/assents", assent)
