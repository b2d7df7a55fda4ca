"""Whether the data behind an earlier decision have since been changed, not merely completed."""

from collections.abc import Sequence

from services.sponsor.domain.escalation.observations import Observations, Participant


def is_revised(earlier: Observations, now: Observations) -> bool:
    """Whether an outcome or a level has been revised, or a participant removed, since an earlier data cut.

    Pending participants that got an answer, and participants who joined, revise nothing.

    Args:
        earlier: the data behind the decision.
        now: the data of today.
    """
    if earlier.samples is not None or now.samples is not None:
        return False
    if earlier.participants is None or now.participants is None:
        return _counts_revised(earlier, now)
    in_order = _continues(earlier.participants, now.participants)
    return not (in_order or _cohorts_continue(earlier.participants, now.participants))


def _counts_revised(earlier: Observations, now: Observations) -> bool:
    """Whether no completion of the earlier counts gives the later ones."""
    if earlier.levels > now.levels:
        return True
    for level in range(1, earlier.levels + 1):
        n, dlts, pending = earlier.at(level)
        n_now, dlts_now, pending_now = now.at(level)
        clear, clear_now = n - dlts, n_now - dlts_now
        if dlts_now < dlts or clear_now < clear or n_now + pending_now < n + pending:
            return True
    return False


def _continues(earlier: Sequence[Participant], now: Sequence[Participant]) -> bool:
    """Whether the earlier participants stand first, in the same order, each with the same level and answer."""
    same = all(
        before.level == after.level and before.dlt in (None, after.dlt)
        for before, after in zip(earlier, now, strict=False)
    )
    return same and len(now) >= len(earlier)


def _cohorts_continue(earlier: Sequence[Participant], now: Sequence[Participant]) -> bool:
    """As `_continues`, cohort by cohort: somebody may have joined a cohort that was not the last."""
    cohorts = max((one.cohort for one in earlier), default=-1) + 1
    return all(
        _continues([one for one in earlier if one.cohort == k], [one for one in now if one.cohort == k])
        for k in range(cohorts)
    )
