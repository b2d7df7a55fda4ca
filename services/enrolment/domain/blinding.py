"""Nobody who knows arms consents, treats or assesses in the same trial."""

from collections.abc import Collection

from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import CONSENT_TREAT_OR_ASSESS, UNBLINDED


def check_may_see(roles: Collection[str]) -> None:
    """Somebody may see arms who holds these roles anywhere in the trial.

    Raises:
        Refused: `blinding_roles_conflict`.
    """
    _refuse(any(role in CONSENT_TREAT_OR_ASSESS for role in roles))


def check_may_act(roles: Collection[str], *, unblinded: bool) -> None:
    """Somebody may randomise who holds these roles in the trial; `unblinded` when a delegation says so.

    Raises:
        Refused: `blinding_roles_conflict`.
    """
    _refuse(unblinded or any(role in UNBLINDED for role in roles))


def _refuse(conflict: bool) -> None:
    if conflict:
        raise Refused(
            "blinding_roles_conflict",
            "The person holds an unblinded role and one that consents, treats or assesses.",
        )
