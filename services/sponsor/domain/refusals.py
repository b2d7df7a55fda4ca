"""Everything the sponsor service refuses, by stable code."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalKind:
    """HTTP status and short title that belong to a code."""

    status: int
    title: str


def _kinds(status: int, **titles: str) -> dict[str, RefusalKind]:
    return {code: RefusalKind(status=status, title=title) for code, title in titles.items()}


_DECISION = _kinds(
    409,
    decision_not_open_for_signature="The decision takes no further signature",
    decision_not_withdrawable="The decision cannot be withdrawn",
    level_eliminated="The level is eliminated; only a reopening decision can open it again",
    level_not_eliminated="The level is not eliminated, so there is nothing to reopen",
    level_not_tried="Nobody has been counted at the level",
    override_reason_required="Above the recommendation the chair and the medical monitor each write why",
    places_exceed_rule="More places than the cohort rule and the target leave",
    second_person_required="One person cannot act twice here",
    signature_hash_mismatch="The proof of identity is bound to another text or snapshot",
    skips_untried_level="The decision would skip a level that nobody has tried",
)
_SNAPSHOT = _kinds(
    409,
    design_table_mismatch="The decision table is not the one of the snapshot",
    snapshot_outdated="The data or the decisions have changed since the snapshot",
    pending_not_allowed="The design cannot decide while a participant is pending",
    snapshot_altered="The stored bytes do not have the recorded hash",
    pack_altered="What the pack was made from is not what was frozen",
    committee_file_exists="The part has a file of this name",
    verdict_missing="A dosed participant has no verdict",
    verdict_unmatched="A verdict belongs to no known registration",
) | _kinds(503, snapshot_source_stale="A source of the snapshot is older than the limit")
_HALT = _kinds(
    409,
    halt_not_in_force="The halt is already lifted",
    lift_not_requested="Nobody has asked for this halt to be lifted",
    treatment_plan_required="The plan for participants on treatment is missing",
)
_SITE = _kinds(
    409,
    site_number_taken="Another site of the trial has this number",
    green_light_already_granted="The site is already green-lit for this protocol version",
    green_light_not_granted="The site is not green-lit for this protocol version",
    site_suspended="The site is suspended already",
    signer_is_site_pi="The site's principal investigator cannot sign its green light",
)
_COMMITTEE = _kinds(
    409,
    charter_in_force="The charter is in force already",
    charter_missing="The trial has no committee charter in force",
    charter_changed="The meeting was called under another charter version",
    conflict_declared="A member with a declared conflict neither votes nor signs",
    conflict_undeclared="A member who declared nothing about conflicts neither votes nor signs",
    declaration_made="This member has declared already",
    declaration_required="Declare whether you have a conflict before you see the data",
    declaration_too_late="The member has sat in the meeting already",
    meeting_not_held="The meeting has not been held",
    meeting_on_other_snapshot="The meeting was held on another snapshot",
    meeting_required="Under a charter a decision that gives something is taken at a meeting",
    not_at_meeting="The person did not vote at the meeting",
    quality_unsigned="Nobody has signed that these data were verified",
) | _kinds(
    422,
    charter_invalid="The charter cannot be used",
    dissent_not_of_a_voter="Somebody who did not vote at the meeting cannot dissent",
    tasks_required="A committee that cannot decide says what must be done",
)
_PEOPLE = _kinds(
    409,
    delegation_ended="The delegation has already ended",
    unblinded_role_conflict="An unblinded person cannot consent, treat or assess in the same trial",
) | _kinds(
    403,
    member_not_delegated="The person does not hold this role in the trial at this time",
    role_cannot_sign="This role does not sign dose decisions",
    fresh_proof_required="The signature needs a new proof of identity by the signer",
)
_TRIAL = _kinds(
    409,
    approval_recorded="The protocol version has an approval of this kind",
    letter_only_when_hosted="A letter decides only in a trial that another organisation decides about",
    letter_required_when_hosted="Another organisation decides about this trial, by its letter",
    letter_used="This letter has decided about this level before",
    protocol_identity_changed="A version keeps the trial's code, kind, zone, and who decides about it",
    protocol_version_approved="The protocol version is approved already",
    protocol_version_not_in_force="No approved protocol version is in force",
    protocol_version_taken="The trial has another protocol version of this name",
    trial_code_taken="Another trial has this code",
    trial_closed="The trial is closed",
    trial_not_in_setup="The trial is not in set-up",
    trial_not_open="The trial is not open",
    trial_not_paused="The trial is not paused",
) | _kinds(409, evidence_missing="Evidence is missing")
_TAKE_OVER = _kinds(
    409,
    trial_not_empty="The trial has participants or decisions here already",
) | _kinds(
    422,
    import_rows_invalid="Rows of the file cannot be imported",
    take_over_invalid="The folder cannot be taken over",
)
_MALFORMED = _kinds(
    422,
    approval_period_invalid="The dates of the approval contradict each other or lie ahead",
    approval_kind_unknown="No kind of approval has this name",
    evidence_dated_ahead="The evidence bears a date that has not come",
    letter_rule_unusable="The letter's rule does not fit the part's own design or boundary",
    part_without_levels="The part has no dose levels",
    outcomes_too_many="More outcomes of pending participants than are looked at",
    part_unknown="The protocol has no such part",
    site_unknown="The trial has no such site",
    halt_scope_invalid="The halt stops nothing, or names a level without its part",
    boundary_unusable="The monitoring boundary cannot be used",
    committee_file_invalid="The attached file cannot be read",
    delegation_period_invalid="The delegation ends before it starts",
    design_table_invalid="The decision table has impossible, repeated or unknown cells",
    design_table_not_monotone="One more toxicity would make the table less cautious",
    design_parameter_invalid="The design cannot have this parameter",
    level_unknown="The part has no such level",
    places_invalid="The number of places does not fit the kind of decision",
    reason_required="A written reason is required",
)

_REQUEST = (
    _kinds(403, forbidden="The caller does not hold the duty for this act")
    | _kinds(404, not_found="Not found")
    | _kinds(409, version_conflict="The record has changed since it was read")
)

REFUSALS: Mapping[str, RefusalKind] = MappingProxyType(
    _REQUEST | _DECISION | _COMMITTEE | _SNAPSHOT | _HALT | _SITE | _PEOPLE | _TRIAL | _TAKE_OVER | _MALFORMED
)


class Refused(Exception):
    """A rule said no; `facts` carries what the reader needs to act, `code` decides the status."""

    def __init__(self, code: str, detail: str, **facts: object) -> None:
        """Refuse with a registered code.

        Raises:
            KeyError: the code is not in the register.
        """
        self.kind = REFUSALS[code]
        self.code = code
        self.detail = detail
        self.facts: Mapping[str, object] = MappingProxyType(facts)
        super().__init__(f"{code}: {detail}")


def require_reason(text: str) -> str:
    """The reason with its white space collapsed to single spaces.

    Raises:
        Refused: `reason_required` when nothing is left.
    """
    collapsed = " ".join(text.split())
    if not collapsed:
        raise Refused("reason_required", "Give the reason in words.")
    return collapsed
