"""Record a consent on a form of the protocol version in use at the site."""

from dataclasses import dataclass

from services.enrolment.commands.form_terms import form_terms
from services.enrolment.commands.keep_consent import ConsentGiven, check_consent, keep_consent
from services.enrolment.domain.roles import INVESTIGATOR
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConsent(ConsentGiven):
    """A consent for somebody in screening."""

    screening_id: str


async def record_consent(tx: Tx, command: RecordConsent, act: Act) -> str:
    """The id of the new consent; earlier ones stay. One that nobody delegated took lets nobody in.

    Raises:
        Refused: `screening_ended`, and every reason of `check_consent`.
    """
    terms = await form_terms(tx, act, INVESTIGATOR, command.screening_id)
    check_consent(terms, command, act.now)
    return await keep_consent(tx, terms, command, act)
