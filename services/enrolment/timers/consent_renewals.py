"""The sweep that says which consents became due, found by domain time and without anybody entering anything."""

from services.enrolment.commands.renew_consents import renew_consents
from shared.timers import Timer

CONSENT_RENEWALS = Timer(name="consent-renewals", do_due=renew_consents)
