"""Reports and registrations that passed each other: whichever committed first did not see the other."""

from services.safety.commands.match_report import match_known
from shared.timers import Timer

MATCHING = Timer(name="matching", do_due=match_known)
