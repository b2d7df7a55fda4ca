"""Who may do what here, by role; the grant's scope is the trial, its unit the site."""

INVESTIGATOR = ("site_investigator",)
SITE_STAFF = ("site_investigator", "site_nurse")
DOSING_STAFF = ("site_investigator", "site_nurse", "pharmacist")
RECEIVING_STAFF = ("site_investigator", "pharmacist")
VOIDING = ("site_investigator", "trial_manager")
EXTENDING = ("site_investigator", "trial_manager")
CHOOSING = ("medical_monitor",)
VERIFYING = ("operations",)

AT_SITES = ("site_investigator", "site_nurse", "pharmacist")
"""Read what belongs to their own site in full, and of other sites counts alone."""

OF_THE_TRIAL = (
    "trial_manager",
    "medical_monitor",
    "safety_officer",
    "trial_statistician",
    "src_chair",
    "src_member",
    "sponsor_qa",
    "inspector",
)
"""Read everything of a trial that they hold a grant for."""
