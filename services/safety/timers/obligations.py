"""Warnings and breaches of obligations, by domain time."""

from services.safety.commands.check_obligations import check_obligations
from shared.timers import Timer

OBLIGATIONS = Timer(name="obligations", do_due=check_obligations)
