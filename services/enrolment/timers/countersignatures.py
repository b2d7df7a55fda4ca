"""The look for doses authorised by exception that somebody has not countersigned in time."""

from services.enrolment.commands.report_countersignatures import report_countersignatures
from shared.timers import Timer

COUNTERSIGNATURES = Timer(name="countersignatures", do_due=report_countersignatures)
