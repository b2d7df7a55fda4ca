"""What the enrolment service says on `enrolment.events.v1`. A version once released only gains optional fields.

The event's subject is the aggregate's id; `trial_id` is also the partition key. Times are RFC 3339 UTC.
Participants appear by pseudonym alone: no name, no NHS number, no date of birth, no free text. Arms that are blinded
appear on `enrolment.unblinded.v1` alone.
"""

from services.enrolment.events.afterwards_events import AFTERWARDS_EVENTS
from services.enrolment.events.consent_events import CONSENT_EVENTS
from services.enrolment.events.dose_correction_events import DOSE_CORRECTION_EVENTS
from services.enrolment.events.dose_events import DOSE_EVENTS
from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.participant_events import PARTICIPANT_EVENTS
from services.enrolment.events.people_events import PEOPLE_EVENTS
from services.enrolment.events.place_events import PLACE_EVENTS
from services.enrolment.events.randomisation_events import RANDOMISATION_EVENTS
from services.enrolment.events.recruitment_events import RECRUITMENT_EVENTS
from services.enrolment.events.screening_events import SCREENING_EVENTS
from services.enrolment.events.take_over_events import TAKE_OVER_EVENTS

PUBLISHED: tuple[type[PublishedEvent], ...] = (
    *PLACE_EVENTS,
    *SCREENING_EVENTS,
    *CONSENT_EVENTS,
    *PARTICIPANT_EVENTS,
    *RECRUITMENT_EVENTS,
    *DOSE_EVENTS,
    *PEOPLE_EVENTS,
    *DOSE_CORRECTION_EVENTS,
    *AFTERWARDS_EVENTS,
    *RANDOMISATION_EVENTS,
    *TAKE_OVER_EVENTS,
)
