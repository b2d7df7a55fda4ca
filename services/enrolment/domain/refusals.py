"""Every reason this service may give for not doing something, and the HTTP status each one means.

The register is the single place where a code gets its status: a code cannot answer 409 here and 422 there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalKind:
    """What a code means to a caller: `status` is the HTTP status, `title` one plain sentence."""

    status: int
    title: str


def _kinds(status: int, titles: Mapping[str, str]) -> dict[str, RefusalKind]:
    return {code: RefusalKind(status=status, title=title) for code, title in titles.items()}


_CONFLICTS = {
    "trial_not_open": "The trial or this part of it is not open",
    "trial_halted": "A halt stops recruitment",
    "site_halted": "A halt stops recruitment at this site",
    "site_suspended": "The site is suspended",
    "site_not_activated": "The site has no green light for the protocol version that carries this part",
    "version_sunset": "The protocol version in use at the site has ended",
    "consent_missing": "No consent is recorded for this episode",
    "consent_version_stale": "Consent is not on the document version required today",
    "consent_wrong_person": "Consent is not by the right person for the age today",
    "consent_not_delegated": "Consent or assent was not taken by a delegated person",
    "assent_decision_required": "Assent is not recorded, or a refusal has no signed decision",
    "assent_not_refused": "No refusal of the child waits for a decision",
    "eligibility_incomplete": "Eligibility is incomplete or a criterion is not met",
    "eligibility_unsigned": "Eligibility is not signed by a delegated person",
    "eligibility_expired": "The eligibility sign-off is too old",
    "judgement_missing": "The investigator has not signed that the trial is in this child's interests",
    "age_out_of_range": "The age today is not known to be inside the limits of this part",
    "possible_duplicate": "A possible duplicate is not resolved",
    "target_reached": "The recruitment target is reached",
    "cap_reached": "A recruitment cap is reached",
    "dose_level_closed": "The dose level is not open",
    "no_signed_decision": "No signed decision in force opens this dose level",
    "decision_superseded": "The decision that opened this dose level is superseded",
    "decision_not_received_at_site": "The site has not acknowledged the decision",
    "cohort_hold": "The cohort rule or a hold stops registration at this dose level",
    "slot_required": "No reserved slot belongs to this screening number at this dose level",
    "slot_expired": "The reservation or offer has expired",
    "slot_revoked": "The slot was revoked",
    "slot_frozen": "The slot is frozen",
    "slot_not_open": "The slot is not free",
    "place_held_already": "The screening holds a place already",
    "slot_not_due": "The slot has no deadline that has passed",
    "slot_not_frozen": "The slot is not frozen for this cause",
    "reservation_limit_reached": "The site holds as many open reservations as the trial allows",
    "stagger_not_elapsed": "The interval since an earlier participant's first dose has not elapsed",
    "sentinel_not_dosed": "The sentinel participant has not been dosed",
    "screening_ended": "The screening has ended",
    "already_dosed": "A participant who was dosed cannot be taken out",
    "registration_voided": "The registration was voided",
    "version_conflict": "The record has changed since it was read",
    "dosing_halted": "A halt stops dosing",
    "adult_consent_due": "The participant has reached the age of consent and has not consented",
    "treatment_stopped": "Treatment of this participant has stopped",
    "override_not_possible": "This obstacle cannot be set aside for one participant",
    "second_person_required": "The act needs a second, different person",
    "safety_assessments_stopped": "Treatment cannot go on while the safety assessments are stopped",
    "new_episode_required": "Taking part again after everything stopped needs a new consent and episode",
}

_UNPROCESSABLE = {
    "pseudonym_invalid": "The number was not issued by this service or its check digit is wrong",
    "time_in_future": "A claimed time lies in the future",
    "time_before_birth": "A claimed time lies before the month of birth",
    "form_not_in_force": "The form was not in force when it is said to have been signed",
    "idempotency_mismatch": "The idempotency key was used with another body",
    "age_statement_mismatch": "The stated age does not fit the year and month of birth",
    "reason_required": "A reason is required",
    "document_unknown": "No form of this purpose and version is in use at the site",
    "criteria_unknown": "An answer names a criterion that this version does not have",
    "criteria_version_unknown": "No approved protocol version has this version of the criteria",
    "planned_time_out_of_range": "A dose is authorised for a time from a day ago to a week ahead",
}

REFUSALS: Mapping[str, RefusalKind] = MappingProxyType(
    _kinds(403, {"forbidden": "The caller does not hold the duty for this act"})
    | _kinds(404, {"not_found": "Not found"})
    | _kinds(409, _CONFLICTS)
    | _kinds(422, _UNPROCESSABLE)
    | _kinds(503, {"trial_state_unknown": "The state of the trial is not known well enough to act"})
)


class Refused(Exception):
    """A rule of the trial forbids the act; `code` is in REFUSALS.

    Args:
        code: a key of REFUSALS; any other is a programming error (LookupError).
        detail: one sentence for the person who asked, without personal data.
        facts: small values that explain the refusal, without personal data.
    """

    def __init__(self, code: str, detail: str, **facts: object) -> None:
        if code not in REFUSALS:
            raise LookupError(f"refusal code {code!r} is not in the register")
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.facts: Mapping[str, object] = MappingProxyType(facts)

    @property
    def kind(self) -> RefusalKind:
        return REFUSALS[self.code]
