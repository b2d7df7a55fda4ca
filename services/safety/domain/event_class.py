"""Classes of an adverse event with regard to one product: derived, explained, never typed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class EventClass(StrEnum):
    """`PRE_TREATMENT_…` began after consent and before the first dose; medical history began before consent."""

    MEDICAL_HISTORY = "medical_history"
    PRE_TREATMENT_EVENT = "pre_treatment_event"
    PRE_TREATMENT_SAE = "pre_treatment_sae"
    ADVERSE_EVENT = "AE"
    ADVERSE_REACTION = "AR"
    SERIOUS_ADVERSE_EVENT = "SAE"
    SERIOUS_ADVERSE_REACTION = "SAR"
    SUSAR = "SUSAR"


SERIOUS_CLASSES = frozenset(
    {
        EventClass.PRE_TREATMENT_SAE,
        EventClass.SERIOUS_ADVERSE_EVENT,
        EventClass.SERIOUS_ADVERSE_REACTION,
        EventClass.SUSAR,
    }
)
"""What a site reports to the sponsor at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """Of an event's classes by product the one that demands most; `grave` is fatal or life-threatening."""

    event_class: EventClass
    provisional: bool
    grave: bool


def worst_of(classes: Iterable[tuple[EventClass, bool, bool]]) -> Worst:
    """The class that an event takes from its products: each is (class, provisional, grave), at least one.

    It is provisional while nobody's class of that kind is settled.
    """
    found, order = list(classes), list(EventClass)
    worst = max((one[0] for one in found), key=order.index)
    return Worst(
        event_class=worst,
        provisional=all(provisional for one, provisional, _ in found if one is worst),
        grave=any(grave for one, _, grave in found if one is worst),
    )
