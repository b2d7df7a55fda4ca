"""What the safety service may refuse, by stable code; intake of a readable report refuses nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalKind:
    """How a refusal is answered: the HTTP status belongs to the code, not to the route."""

    status: int
    title: str


def _register(**kinds: tuple[int, str]) -> Mapping[str, RefusalKind]:
    return MappingProxyType(
        {code: RefusalKind(status=status, title=title) for code, (status, title) in kinds.items()}
    )


REFUSALS: Mapping[str, RefusalKind] = _register(
    report_unreadable=(422, "The report has a field of the wrong type"),
    grade_out_of_range=(422, "A grade is a whole number from 1 to 5"),
    adverse_event_not_found=(404, "No such adverse event"),
    participant_not_found=(404, "No such participant"),
    nothing_changed=(409, "The amendment changes nothing"),
    version_conflict=(409, "The adverse event was changed by someone else in the meantime"),
    reason_required=(422, "A change needs a reason"),
    forbidden=(403, "This person may not do this"),
    investigator_causality_protected=(409, "Only the investigator writes the investigator's causality"),
    sponsor_causality_protected=(409, "Only the sponsor writes the sponsor's causality"),
    opinion_not_stated=(409, "No opinion taken by telephone waits for confirmation"),
    grade_not_defined_for_term=(422, "The pinned dictionary has no such grade for this term"),
    term_not_in_dictionary=(422, "The pinned dictionary has no such term"),
    dictionary_version_not_pinned=(422, "The term comes from another dictionary than the protocol's"),
    time_in_future=(422, "The time lies in the future"),
    impossible_date=(422, "Not a calendar date"),
    onset_after_awareness=(422, "The onset is later than the claimed awareness"),
    dlt_definition_invalid=(422, "The protocol's DLT definition cannot be read"),
    exclusion_not_in_definition=(422, "The DLT definition names no such exclusion"),
    criterion_not_by_judgement=(422, "The DLT definition has no such criterion by judgement"),
    judgement_already_decided=(409, "The committee has decided on the judgement already"),
    too_many_explanations=(409, "The crossing has as many explanations as it can hold"),
    stopping_rule_invalid=(422, "No boundary follows from these parameters"),
    alert_not_found=(404, "No such alert"),
    alert_already_acknowledged=(409, "The alert has been acknowledged already"),
    alert_not_acknowledged=(409, "The alert has not been acknowledged yet"),
    alert_already_resolved=(409, "The alert has been resolved already"),
    alert_never_silenced=(409, "An alert of this kind is never silenced"),
    not_on_duty=(403, "This person is not on the duty list"),
    merge_not_possible=(409, "These reports cannot be merged"),
    merge_into_the_earlier=(409, "The report received first is the one that is kept"),
    link_not_possible=(409, "These reports cannot be linked so"),
    snooze_too_long=(422, "An alert waits at most 24 hours"),
    nothing_to_confirm=(409, "Nothing of this waits for a confirmation"),
    report_not_unmatched=(409, "The report is matched to a participant already"),
    report_already_cleared=(409, "The report has been cleared already"),
    second_person_required=(409, "A second person must agree"),
    duty_period_invalid=(422, "A duty ends after it begins"),
    trial_not_empty=(409, "The trial has participants or reports here already"),
    take_over_invalid=(422, "The folder cannot be taken over"),
    assessment_invalid=(422, "This is no such assessment"),
    obligation_ended=(409, "The obligation is met or has ended"),
    reference_label_taken=(409, "The product has a reference version of this label"),
    reference_already_approved=(409, "The reference version has its approval"),
    reference_invalid=(422, "This is no reference version of a suspect product"),
    submission_invalid=(422, "The proof of the submission is not complete"),
    submission_already_answered=(409, "The recipient has answered this submission"),
    duty_period_ended=(409, "The duty period has ended already"),
    case_nullified=(409, "The case's number was nullified"),
    case_not_submitted=(409, "Nothing of the case stands at a regulator"),
    case_of_several_participants=(422, "A case is about one known participant"),
    report_in_another_case=(409, "The report belongs to another case"),
    nothing_to_send=(409, "Nothing of the case waits to be sent"),
    meddra_not_loaded=(409, "The case has no MedDRA code at all"),
    meddra_code_missing=(409, "An event of the case has no numeric MedDRA code"),
    export_rules_failed=(422, "The file breaks a rule that blocks it"),
    transmission_not_ready=(409, "The transmission is not in the state that this needs"),
    lock_in_future=(422, "A lock point lies in the past"),
)


class Refused(Exception):
    """A rule said no: `code` names the rule, `detail` says why this time, `facts` are for the reader."""

    def __init__(self, code: str, detail: str, facts: Mapping[str, object] = MappingProxyType({})) -> None:
        if code not in REFUSALS:
            raise LookupError(f"refusal code {code} is not in the register")
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.facts = MappingProxyType(dict(facts))
