"""Roles of people in a trial, and which of them may sign a dose decision or must stay blinded."""

from enum import StrEnum


class Role(StrEnum):
    SITE_INVESTIGATOR = "site_investigator"
    SITE_NURSE = "site_nurse"
    PHARMACIST = "pharmacist"
    SAFETY_OFFICER = "safety_officer"
    MEDICAL_MONITOR = "medical_monitor"
    TRIAL_MANAGER = "trial_manager"
    TRIAL_STATISTICIAN = "trial_statistician"
    UNBLINDED_STATISTICIAN = "unblinded_statistician"
    SRC_MEMBER = "src_member"
    SRC_CHAIR = "src_chair"
    SPONSOR_QA = "sponsor_qa"
    ARCHIVIST = "archivist"
    INSPECTOR = "inspector"
    OPERATIONS = "operations"


VOTING_ROLES = frozenset(
    {
        Role.SRC_CHAIR,
        Role.SRC_MEMBER,
        Role.MEDICAL_MONITOR,
        Role.TRIAL_STATISTICIAN,
        Role.SITE_INVESTIGATOR,
    }
)
"""Roles whose signature on a dose decision counts; a protocol may name further ones as required."""

CONSENT_TREAT_OR_ASSESS = frozenset(
    {Role.SITE_INVESTIGATOR, Role.SITE_NURSE, Role.SAFETY_OFFICER, Role.MEDICAL_MONITOR}
)
"""Roles that consent, treat or assess participants: nobody unblinded may hold one in the same trial."""

ALWAYS_UNBLINDED = frozenset({Role.UNBLINDED_STATISTICIAN})
