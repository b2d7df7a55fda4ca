"""Questions on seriousness that nobody has answered in time."""

from services.safety.commands.treat_as_serious import treat_overdue_as_serious
from shared.timers import Timer

SERIOUSNESS = Timer(name="seriousness", do_due=treat_overdue_as_serious)
