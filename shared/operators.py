"""Who may look at delivery and act on it: people with the role `operations`, everywhere."""

from typing import Annotated

from fastapi import Depends

from shared.auth import ANY, Principal, permit, require_principal

OPERATIONS = ("operations",)
Person = Annotated[Principal, Depends(require_principal)]


def operator_only(principal: Principal) -> None:
    """Raises `Problem` 403 for everybody else."""
    permit(principal, OPERATIONS, scope=ANY, unit=ANY)
