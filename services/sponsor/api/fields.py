"""Field types and parameters that several routes take."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import StringConstraints

from services.sponsor.queries.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.auth import Principal, require_principal
from shared.ids import CURSOR_FORM
from shared.json_body import StrictModel

Person = Annotated[Principal, Depends(require_principal)]

PersonName = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
"""Subject id of a person at the identity provider; never their name."""
EvidenceName = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
"""Reference of a document: where the proof is, not what it says."""
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
SiteNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]

TrialId = Annotated[str, Query(alias="trial", max_length=64, description="Code or id of the trial")]
Cursor = Annotated[str, Query(pattern=CURSOR_FORM, description="`next_cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
FIRST_PAGE = ""
USUAL_LIMIT = DEFAULT_LIMIT


class PageOut(StrictModel):
    """Where the next page of a list begins; null when there is none."""

    next_cursor: str | None
