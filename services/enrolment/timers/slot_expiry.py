"""The sweep that ends unused reservations and offers, and offers the places to whoever waits."""

from services.enrolment.commands.expire_slots import expire_slots
from shared.timers import Timer

SLOT_EXPIRY = Timer(name="slot-expiry", do_due=expire_slots)
