"""Parameters that several routes take, and the form of every answer."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict

from shared.auth import Principal, require_principal
from shared.ids import CURSOR_FORM

Person = Annotated[Principal, Depends(require_principal)]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9:._-]{1,100}$")]
TrialCode = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="The trial's code")]
Cursor = Annotated[str, Query(pattern=CURSOR_FORM, description="`next_cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]

PAGE = 50


class Answered(BaseModel):
    """Base of what routes answer, read from the values that queries give."""

    model_config = ConfigDict(from_attributes=True)
