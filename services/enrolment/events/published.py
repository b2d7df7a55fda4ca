"""What the enrolment service says on `enrolment.events.v1`. A version once released only gains optional fields.

The event's subject is the aggregate's id; `trial_id` is also the partition key. Times are RFC 3339 UTC.
Participants appear by pseudonym alone: no name, no NHS number, no date of birth, no free text.
"""

from services.enrolment.events.dose_events import DOSE_EVENTS
from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.participant_events import PARTICIPANT_EVENTS
from services.enrolment.events.place_events import PLACE_EVENTS
from services.enrolment.events.screening_events import SCREENING_EVENTS

PUBLISHED: tuple[type[PublishedEvent], ...] = (
    *PLACE_EVENTS,
    *SCREENING_EVENTS,
    *PARTICIPANT_EVENTS,
    *DOSE_EVENTS,
)
