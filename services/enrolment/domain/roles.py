"""Who may do what here, by role; the grant's scope is the trial, its unit the site."""

INVESTIGATOR = ("site_investigator",)
SITE_STAFF = ("site_investigator", "site_nurse")
DOSING_STAFF = ("site_investigator", "site_nurse", "pharmacist")
EXCEPTIONAL = ("site_investigator", "medical_monitor")
PHARMACY = ("pharmacist",)
RECEIVING_STAFF = ("site_investigator", "pharmacist")
VOIDING = ("site_investigator", "trial_manager")
EXTENDING = ("site_investigator", "trial_manager")
CHOOSING = ("medical_monitor",)
FINDER_EDITING = ("site_investigator", "site_nurse", "trial_manager")
VERIFYING = ("operations",)
FOLLOWING = ("site_investigator", "site_nurse", "trial_manager")
"""Follow a participant; the trial office goes on when the site has closed."""
CORRECTING_DEATH = ("site_investigator", "trial_manager")
COORDINATING = ("trial_manager",)
PREPARING_DOWNTIME = ("trial_manager",)

TAKING_OVER = ("trial_manager", "sponsor_qa")
"""Sign the folder of a trial that is taken over; two different people do."""

UNBLINDED = ("unblinded_statistician",)
"""Prepare lists and read seeds, draws and arms."""

UNBLINDED_AT_SITES = ("pharmacist",)
"""Read the arms of their own site's participants, where the delegation says that they are unblinded."""

CONSENT_TREAT_OR_ASSESS = ("site_investigator", "site_nurse", "safety_officer", "medical_monitor")
"""Roles of which nobody unblinded may hold one in the same trial."""

CORRECTING_LEVELS = ("site_investigator", "trial_manager")

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
