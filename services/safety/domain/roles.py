"""Roles by what they may do here; the role's scope is the trial's code, its unit the site's number."""

SITE_STAFF = ("site_investigator", "site_nurse")
"""Write about participants of their own site."""

DESK = ("safety_officer", "medical_monitor")
"""Match and clear reports; read and amend everything of their trials."""

AMENDING = ("site_investigator", "safety_officer", "medical_monitor", "site_nurse")
CONFIRMING = ("site_investigator",)

READING_REPORTS = (*AMENDING, "trial_manager", "sponsor_qa", "inspector")
READING_VERDICTS = (*READING_REPORTS, "trial_statistician", "src_chair", "src_member")

PLANNING_DUTY = ("safety_officer", "medical_monitor", "trial_manager")
READING_ALERTS = ("safety_officer", "medical_monitor", "trial_manager", "sponsor_qa", "inspector")
WATCHING_CHANNELS = (*READING_ALERTS, "operations")
RESOLVING_ALERTS = ("safety_officer", "medical_monitor", "trial_manager")
ACKNOWLEDGING = (
    "safety_officer",
    "medical_monitor",
    "trial_manager",
    "site_investigator",
    "site_nurse",
    "pharmacist",
    "src_chair",
    "src_member",
    "trial_statistician",
    "unblinded_statistician",
    "sponsor_qa",
    "operations",
)
"""Everybody with a role but those who only read (archivist, inspector)."""

WRITING_CASES = DESK
"""Open cases, code them, make and send their files, and record what regulators answer."""

READING_CASES = (*DESK, "trial_manager", "sponsor_qa", "inspector")

ROUTING_CASES = (*DESK, "trial_manager")
"""Say where a trial's reports go, and publish its listings."""

READING_CROSSINGS = (
    "safety_officer",
    "medical_monitor",
    "trial_manager",
    "trial_statistician",
    "src_chair",
    "src_member",
    "sponsor_qa",
    "inspector",
)
EXPLAINING_CROSSINGS = ("safety_officer", "medical_monitor", "trial_statistician", "src_chair")
DECIDING_JUDGEMENTS = ("src_chair", "src_member")
"""Confirm or refuse a DLT that an investigator has judged."""

ASSESSING = ("site_investigator", *DESK)
"""Record a party's view; which party's is theirs to write, the domain decides."""

WATCHING_OBLIGATIONS = (*DESK, "trial_manager", "sponsor_qa", "inspector")
KEEPING_REFERENCES = DESK

TAKING_OVER = ("trial_manager", "sponsor_qa")
"""Sign the folder of a trial that is taken over; two different people do."""
