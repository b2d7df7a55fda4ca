"""A screening and what is recorded for it; forms and criteria are checked against the version in use."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.enrolment.domain.age import BirthMonth
from services.enrolment.domain.board import ScreeningState
from services.enrolment.domain.claimed_times import lies_in_future
from services.enrolment.domain.consent import ConsentPurpose
from services.enrolment.domain.criteria import Entered, criteria_of, misfit, taken_on
from services.enrolment.domain.ids import ScreeningId, SiteId
from services.enrolment.domain.protocol_terms import NoTerms, ProtocolTerms
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.slot_states import Holder

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """One child's screening for one part at one site; `version` grows with every record made for it.

    While `unresolved_duplicates` is not 0 nothing more is recorded for it: a coordinator decides first.
    """

    id: ScreeningId
    trial_id: str
    number: str
    site_id: SiteId
    part: str
    born: BirthMonth
    state: ScreeningState
    version: int
    started_at: datetime
    reason_code: str = ""
    unresolved_duplicates: int = 0

    @property
    def holder(self) -> Holder:
        return Holder(site_id=self.site_id, screening_id=self.id)


def check_running(screening: Screening) -> None:
    """Accepts a record for a screening that has not ended.

    Raises:
        Refused: `screening_ended`.
    """
    if screening.state is not ScreeningState.IN_SCREENING:
        raise Refused("screening_ended", f"The screening is {screening.state.value}.")


def check_claimed(claimed_at: datetime, now: datetime) -> None:
    """Accepts a claimed time that is not ahead of us.

    Raises:
        Refused: `time_in_future`.
    """
    if lies_in_future(claimed_at, now):
        raise Refused("time_in_future", "The time given lies in the future.")


def check_signed(signed_at: datetime, born: BirthMonth, now: datetime) -> None:
    """Accepts a time of signature in the child's life up to now; zones differ by less than a day.

    Raises:
        Refused: `time_in_future` or `time_before_birth`.
    """
    check_claimed(signed_at, now)
    if (signed_at + ONE_DAY).date() < born.days()[0]:
        raise Refused("time_before_birth", "The time given lies before the month of birth.")


def check_born(born: BirthMonth, today: date) -> None:
    """Accepts a month of birth that has begun on the site's local date.

    Raises:
        Refused: `time_in_future`.
    """
    if born.days()[0] > today:
        raise Refused("time_in_future", "The month of birth lies in the future.")


def check_form(terms: ProtocolTerms | NoTerms, purpose: ConsentPurpose, document: str, version: str) -> None:
    """Accepts a form of the protocol version that is in use at the site.

    Raises:
        Refused: `site_not_activated` without a version in use, `document_unknown` for any other form.
    """
    if isinstance(terms, NoTerms):
        raise Refused("site_not_activated", "No protocol version is in use at the site.")
    forms = {(form.purpose, form.document, form.version) for form in terms.consent_documents}
    if (purpose, document, version) not in forms:
        raise Refused(
            "document_unknown",
            "The protocol version in use at the site has no such form.",
            protocol_version=terms.version,
        )


def check_form_language(
    versions: Iterable[ProtocolTerms], purpose: ConsentPurpose, document: str, version: str, language: str
) -> None:
    """Accepts a language into which the form was translated; a form that names none is taken in any.

    Raises:
        Refused: `form_language_unknown`.
    """
    listed = {
        word
        for terms in versions
        for form in terms.consent_documents
        if (form.purpose, form.document, form.version) == (purpose, document, version)
        for word in form.languages
    }
    if listed and language not in listed:
        raise Refused("form_language_unknown", "There is no approved translation.", languages=sorted(listed))


def check_sample_uses(terms: ProtocolTerms | NoTerms, uses: Collection[str]) -> None:
    """Accepts uses of samples that the version in use asks about.

    Raises:
        Refused: `sample_use_unknown`.
    """
    known = {} if isinstance(terms, NoTerms) else terms.person.sample_uses
    if unknown := set(uses) - set(known):
        raise Refused(
            "sample_use_unknown", f"{len(unknown)} of the uses are not the protocol's.", known=sorted(known)
        )


def check_form_in_force(
    versions: Iterable[ProtocolTerms],
    purpose: ConsentPurpose,
    document: str,
    version: str,
    signed_at: datetime,
) -> None:
    """Accepts a form that had come into force when it was signed, give or take a day for zones and clocks.

    Args:
        versions: every approved protocol version; a form is in force from the first one that carries it.
        purpose: with `document` and `version`, the form.
        document: see `purpose`.
        version: of the form.
        signed_at: as claimed.

    Raises:
        Refused: `form_not_in_force`.
    """
    since = [
        terms.effective_at
        for terms in versions
        for form in terms.consent_documents
        if (form.purpose, form.document, form.version) == (purpose, document, version)
    ]
    if since and signed_at + ONE_DAY < min(since):
        raise Refused("form_not_in_force", f"The form is in force from {min(since).date().isoformat()}.")


def check_criteria_version(versions: Iterable[ProtocolTerms], version: str) -> None:
    """Accepts a version of the criteria that some approved protocol version has.

    Raises:
        Refused: `criteria_version_unknown`.
    """
    known = {terms.eligibility_version for terms in versions}
    if version not in known:
        raise Refused(
            "criteria_version_unknown", "No approved protocol version has such criteria.", known=sorted(known)
        )


def check_criteria(
    terms: ProtocolTerms | NoTerms, version: str, answers: Mapping[str, Entered], today: date
) -> None:
    """Accepts answers to criteria of the version in use; an older version is kept and fails its guard later.

    Raises:
        Refused: `time_in_future` for an answer of a local date that has not come, `criteria_unknown`,
            `answer_invalid` for one that cannot belong to its criterion.
    """
    if any((taken_on(entered) or today) > today for entered in answers.values()):
        raise Refused("time_in_future", "An answer is of a date that has not come.")
    if isinstance(terms, NoTerms) or version != terms.eligibility_version:
        return
    unknown: Collection[str] = answers.keys() - terms.criteria
    if unknown:
        raise Refused("criteria_unknown", f"{len(unknown)} of the answers name no criterion.")
    asked = criteria_of(terms.criteria, terms.person.criteria)
    wrong = {name: why for name, entered in answers.items() if (why := misfit(asked[name], entered))}
    if wrong:
        raise Refused("answer_invalid", "An answer does not fit its criterion.", criteria=wrong)


def check_voidable(*, dosed: bool, voided: bool) -> None:
    """Accepts the voiding of a registration that no dose has followed.

    Raises:
        Refused: `already_dosed` or `registration_voided`.
    """
    if dosed:
        raise Refused("already_dosed", "A dose was given; the registration stands.")
    if voided:
        raise Refused("registration_voided", "The registration was voided before.")


def check_dosable(*, voided: bool) -> None:
    """Accepts a dose for a registration that stands.

    Raises:
        Refused: `registration_voided`.
    """
    if voided:
        raise Refused("registration_voided", "The registration was voided.")


def check_treated(*, voided: bool, ended: bool) -> None:
    """Accepts the end of a treatment that goes on.

    Raises:
        Refused: `registration_voided` or `treatment_stopped`.
    """
    check_dosable(voided=voided)
    if ended:
        raise Refused("treatment_stopped", "The treatment has ended before.")
