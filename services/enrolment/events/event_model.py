"""What every event of this service has in common."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class PublishedEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    event_type: ClassVar[str]


Level = Annotated[int, Field(ge=1, description="Dose level within its part, counted from 1")]
Part = Annotated[str, Field(description="Part of the trial, as the protocol file names it")]
SiteNumber = Annotated[str, Field(pattern=r"^[0-9]{3}$", description="The site's number in this trial")]
