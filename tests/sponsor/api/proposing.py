"""What the decision tests propose."""

from tests.sponsor.office import Json, Office, created

PART = "escalation"
REASONS = [
    {"role": "src_chair", "author": "chair", "text": "Exposure is far below target."},
    {"role": "medical_monitor", "author": "monitor", "text": "The toxicity resolved in two days."},
]


async def first_opening(office: Office) -> Json:
    return created(await office.propose(PART, "open_level", 1, 6))
