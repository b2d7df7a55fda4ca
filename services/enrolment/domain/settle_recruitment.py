"""Whether each part with a target still recruits: closed when the target is reached, open again when it is not.

A participant who turns out not to be evaluable, a registration voided and a protocol version with a higher target
all make room again.
"""

from services.enrolment.domain.draft import Draft, RecruitmentClosed, RecruitmentReopened
from services.enrolment.domain.recruitment import AtTarget, PartRecruitment, PartTarget


def settle_recruitment(draft: Draft) -> None:
    """Close and reopen parts to match registrations and targets; does nothing the second time."""
    board = draft.as_board()
    for part in sorted(draft.board.targets.keys() | draft.recruitment.keys()):
        target, known = draft.board.targets.get(part), draft.recruitment.get(part)
        registered = board.registered_in_part(part)
        reached = target is not None and registered >= target.target
        closed = known is not None and known.closed_at is not None
        if target is not None and reached and not closed:
            _close(draft, part, target, registered)
        elif known is not None and closed and not reached:
            _reopen(draft, part, known, target, registered)


def takes_nobody(draft: Draft, part: str) -> bool:
    """Whether the target is reached and the declared policy lets nobody in any more.

    A last day of `allow_until` that has passed is left to the guard at registration: it is a day at each site.
    """
    target, known = draft.board.targets.get(part), draft.recruitment.get(part)
    closed = known is not None and known.closed_at is not None
    return closed and target is not None and target.policy.at_target is AtTarget.REFUSE


def _close(draft: Draft, part: str, target: PartTarget, registered: int) -> None:
    known = draft.recruitment.get(part)
    closed = PartRecruitment(id=known.id if known else draft.new_id(), closed_at=draft.now)
    draft.recruitment[part] = closed
    draft.happenings.append(
        RecruitmentClosed(part=part, recruitment=closed, target=target, registered=registered)
    )


def _reopen(
    draft: Draft, part: str, known: PartRecruitment, target: PartTarget | None, registered: int
) -> None:
    reopened = PartRecruitment(id=known.id, closed_at=None)
    draft.recruitment[part] = reopened
    draft.happenings.append(
        RecruitmentReopened(part=part, recruitment=reopened, target=target, registered=registered)
    )
