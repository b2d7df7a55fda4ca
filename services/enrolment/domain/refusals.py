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


_FORBIDDEN = {
    "forbidden": "The caller does not hold the duty for this act",
    "blinding_roles_conflict": "Nobody unblinded may consent, treat or assess in the same trial",
}

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
    "eligibility_expired": "The eligibility sign-off, or an answer by itself, is too old",
    "molecular_criterion_not_met": "A molecular criterion of this part is not shown to be met",
    "adult_consent_not_due": "The participant is not near the age of consent, or has consented since",
    "consent_superseded": "The record has been corrected before",
    "judgement_missing": "The investigator has not signed that the trial is in this child's interests",
    "age_out_of_range": "The age today is not known to be inside the limits of this part",
    "possible_duplicate": "A possible duplicate is not resolved",
    "co_enrolment_not_allowed": "A participation in another trial does not allow one in this trial",
    "duplicate_resolved_already": "The possible duplicate was resolved before",
    "resolution_not_possible": "The possible duplicate cannot be resolved in this way",
    "previous_screening_not_ended": "The earlier screening has not ended, or was followed by another already",
    "referral_closed": "The referral has its outcome",
    "referral_undecided": "The referral has no outcome that could be replied",
    "referral_acknowledged_already": "The referral was acknowledged before",
    "transfer_not_possible": "The participant cannot be transferred to this site",
    "transfer_proposed_already": "A transfer of the participant waits for its answer",
    "transfer_not_open": "The transfer was answered or withdrawn",
    "target_reached": "The recruitment target is reached",
    "cap_reached": "A recruitment cap is reached",
    "dose_level_closed": "The dose level is not open",
    "no_signed_decision": "No signed decision in force opens this dose level",
    "decision_superseded": "The decision that opened this dose level is superseded",
    "decision_not_received_at_site": "The site has not acknowledged the decision",
    "cohort_hold": "The cohort rule or a hold stops registration at this dose level",
    "part_has_no_places": "The part has no dose levels, so it has no places to reserve",
    "no_treatment": "Nothing is given under a trial of this kind",
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
    "already_randomised": "The participant was randomised here before; nobody is randomised twice",
    "not_randomised": "The participant was not randomised here",
    "earlier_randomisation_missing": "The randomisation that comes before has not been made",
    "randomisation_not_of_part": "The randomisation is not one of the participant's part",
    "randomisation_not_for_arm": "The randomisation is not open to the participant's earlier arm",
    "randomisation_would_unblind": "Whoever may go on depends on an arm that is blinded",
    "randomisation_criteria_unmet": "A criterion of the randomisation is not answered or not met",
    "randomisation_list_missing": "No list or seed is prepared for this design of the randomisation",
    "randomisation_list_exists": "A list or seed is prepared for this design already",
    "randomisation_list_exhausted": "The randomisation list of this stratum has no row left",
    "override_not_possible": "This obstacle cannot be set aside for one participant",
    "second_person_required": "The act needs a second, different person",
    "override_not_needed": "Nothing that could be set aside stands in the way of this dose",
    "countersigned_already": "This person has countersigned before",
    "confirmation_acknowledged": "The confirmation was acknowledged before",
    "dose_query_answered": "The query was answered before",
    "dose_corrected_already": "The recorded dose was corrected or voided before",
    "safety_assessments_stopped": "Treatment cannot go on while the safety assessments are stopped",
    "new_episode_required": "Taking part again after everything stopped needs a new consent and episode",
    "episode_running": "Something still goes on, so there is no new episode to begin",
    "participant_died": "A death is recorded for the participant",
    "death_recorded": "A death is recorded already; correct that record",
    "no_death_recorded": "No death is recorded for the participant",
    "follow_up_not_open": "The window of this follow-up entry has not opened",
    "loss_not_established": "The protocol's attempts to reach the participant have not been made",
    "lost_already": "The participant counts as lost already",
    "sample_destroyed": "The sample was destroyed",
    "sample_use_stopped": "The use of samples was stopped, or the destruction of this one is asked for",
    "sample_use_not_consented": "This use of the sample was not consented to",
    "death_check_required": "A mailing needs a recent check that found no death",
    "trial_not_in_setup": "The trial is not in set-up",
    "trial_not_empty": "The trial has people here already",
    "take_over_too_early": "What the take-over rests on has not been heard here yet",
    "opted_out": "Mailings to this person were refused for ever",
    "downtime_number_used": "The downtime number was used before",
    "contact_stopped": "Contact with the participant was stopped",
}

_UNPROCESSABLE = {
    "pseudonym_invalid": "The number was not issued by this service or its check digit is wrong",
    "time_in_future": "A claimed time lies in the future",
    "time_before_birth": "A claimed time lies before the month of birth",
    "dates_implausible": "The dates of the request do not fit each other or lie too far away",
    "downtime_before_block": "The claimed registration lies before its number was issued",
    "level_unknown": "No approved protocol version has this dose level in this part",
    "form_not_in_force": "The form was not in force when it is said to have been signed",
    "idempotency_mismatch": "The idempotency key was used with another body",
    "age_statement_mismatch": "The stated age does not fit the year and month of birth",
    "reason_required": "A reason is required",
    "identifier_in_text": "What was sent looks as if it identified a person",
    "site_unknown": "The trial has no site of this number",
    "part_unknown": "No approved protocol version has this part",
    "previous_screening_mismatch": "The earlier screening is of another trial, site or person",
    "document_unknown": "No form of this purpose and version is in use at the site",
    "criteria_unknown": "An answer names a criterion that this version does not have",
    "answer_invalid": "An answer is not of the kind, unit or options of its criterion",
    "form_language_unknown": "The form has no approved translation into this language",
    "criteria_version_unknown": "No approved protocol version has this version of the criteria",
    "measure_unsuitable": "The protocol does not dose by this measure",
    "correction_without_change": "The correction says what is on record already",
    "follow_up_entry_unknown": "The participant's follow-up has no such entry",
    "death_before_registration": "The day of the death lies before the registration",
    "sample_use_unknown": "The protocol does not list this use of samples",
    "randomisation_unknown": "The protocol version in use has no such randomisation",
    "randomisation_group_unknown": "The group is not one of the randomisation's groups",
    "factor_unknown": "A level of each factor must be stated, and nothing else",
    "randomisation_list_invalid": "The randomisation list or its seed cannot be used",
    "take_over_invalid": "The folder cannot be taken over",
    "planned_time_out_of_range": "A dose is authorised for a time from a day ago to a week ahead",
}

REFUSALS: Mapping[str, RefusalKind] = MappingProxyType(
    _kinds(403, _FORBIDDEN)
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
