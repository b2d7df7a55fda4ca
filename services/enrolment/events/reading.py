"""How others' events are read here: the fields that are used, and nothing else is looked at."""

from pydantic import BaseModel, ConfigDict


class ReadEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
