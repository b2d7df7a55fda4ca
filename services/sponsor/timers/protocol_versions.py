"""Protocol versions that come into force at an instant stated in advance."""

from services.sponsor.commands.take_up_protocol_versions import take_up_protocol_versions
from shared.timers import Timer

PROTOCOL_VERSIONS = Timer(name="protocol-versions", do_due=take_up_protocol_versions)
