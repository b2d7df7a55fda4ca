"""What would be recommended about a part for every outcome of those who are pending now."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.sponsor.domain.escalation.comparison import OtherSaying, compare
from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.preview import Preview, previews
from services.sponsor.domain.refusals import Refused
from services.sponsor.queries.visibility import READERS, visible_trial
from services.sponsor.store.compared_designs import compared_designs
from services.sponsor.store.pictures import load_picture
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPreview:
    """The present recommendation of a part, and each outcome with what other designs would say of it."""

    part: str
    present: Recommendation
    outcomes: Sequence[tuple[Preview, Sequence[OtherSaying]]]


async def preview_part(tx: Tx, act: Act, trial_id: str, part: str) -> PartPreview:
    """The outcomes of a part, for whoever may read the trial.

    Raises:
        Refused: `protocol_version_not_in_force`, `part_unknown`, `part_without_levels`, `outcomes_too_many`.
    """
    trial = await visible_trial(tx, act, trial_id, READERS)
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        raise Refused("protocol_version_not_in_force", "Approve a protocol version first.")
    terms = picture.part(part)
    _ = terms.level_rule
    history = picture.history(part)
    found = previews(terms, picture.observed.counted, history)
    designs = (
        compared_designs().designs(terms.levels, terms.start_level) if terms.kind == "escalation" else ()
    )
    return PartPreview(
        part=part,
        present=picture.recommend(part),
        outcomes=[
            (one, compare(designs, one.standings, part, history.eliminated) if designs else ())
            for one in found
        ],
    )
