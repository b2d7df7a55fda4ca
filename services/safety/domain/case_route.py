"""Where reports of a trial go, and as whose: values of a regulator's route, entered and dated, never code."""

from dataclasses import dataclass
from enum import StrEnum

from services.safety.domain.icsr.check import Profile


class MetBy(StrEnum):
    """What meets the duty to report: our sending, or the regulator's acceptance."""

    SENDING = "sending"
    ACCEPTANCE = "acceptance"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRegistration:
    number: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRoute:
    """One route of a trial.

    Attributes:
        name: of the route, such as MHRA.
        number_prefix: country and organisation of case numbers, `GB-NETWORK`.
        sender_type: ICH list 7.
        ind_number: for FDA, six digits; empty otherwise.
        recipients: whom a file by this route reaches, as reporting regimes name them; empty for the route's name.
    """

    name: str
    profile: Profile
    batch_receiver: str
    message_receiver: str
    sender: str
    sender_type: str
    organisation: str
    department: str
    country: str
    number_prefix: str
    study_name: str
    study_number: str
    registrations: tuple[StudyRegistration, ...] = ()
    ind_number: str = ""
    cross_reported: tuple[str, ...] = ()
    met_by: MetBy = MetBy.SENDING
    recipients: tuple[str, ...] = ()
