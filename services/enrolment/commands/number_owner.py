"""Whose a screening number is: given out here, or elsewhere before the trial was taken over."""

from services.enrolment.domain.ids import parse_screening_number
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.registration_facts import NumberOwner
from services.enrolment.domain.screening import Screening
from services.enrolment.store.take_overs import came_with_take_over
from shared.database import Tx


async def owner_of_number(tx: Tx, screening: Screening) -> NumberOwner:
    """The store is asked only about a number that does not have our form."""
    try:
        parse_screening_number(screening.number)
    except Refused:
        if await came_with_take_over(tx, screening.id):
            return NumberOwner.TAKEN_OVER
    return NumberOwner.THIS_SITE
