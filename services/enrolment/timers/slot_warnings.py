"""The look for reservations and offers that end soon: their sites are told, once for each deadline."""

from services.enrolment.commands.warn_of_expiry import warn_of_expiry
from shared.timers import Timer

SLOT_WARNINGS = Timer(name="slot-warnings", do_due=warn_of_expiry)
