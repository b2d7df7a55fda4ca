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

TAKING_OVER = ("trial_manager", "sponsor_qa")
"""Sign the folder of a trial that is taken over; two different people do."""
