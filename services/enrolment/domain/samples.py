"""Samples: collected, passed on for uses that are consented to one by one, and destroyed."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from services.enrolment.domain.refusals import Refused


class SampleHappening(StrEnum):
    COLLECTED = "collected"
    TRANSFERRED = "transferred"
    DESTRUCTION_REQUESTED = "destruction_requested"
    DESTROYED = "destroyed"


class SampleState(StrEnum):
    HELD = "held"
    TRANSFERRED = "transferred"
    DESTRUCTION_REQUESTED = "destruction_requested"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample and what happened to it, oldest first."""

    id: str
    happened: tuple[SampleHappening, ...]

    @property
    def state(self) -> SampleState:
        """A request stands until the destruction; a sample passed on may be passed on again."""
        if SampleHappening.DESTROYED in self.happened:
            return SampleState.DESTROYED
        if SampleHappening.DESTRUCTION_REQUESTED in self.happened:
            return SampleState.DESTRUCTION_REQUESTED
        if SampleHappening.TRANSFERRED in self.happened:
            return SampleState.TRANSFERRED
        return SampleState.HELD


def check_use_goes_on(*, stopped: bool) -> None:
    """Accepts a use of samples that has not been stopped.

    Raises:
        Refused: `sample_use_stopped`.
    """
    if stopped:
        raise Refused("sample_use_stopped", "The participant has stopped the use of samples.")


def check_transfer(sample: Sample, use: str, consented: Collection[str], *, stopped: bool) -> None:
    """Accepts passing a sample on for a use that is consented to now.

    Args:
        sample: to be passed on.
        use: what for, by the protocol's word.
        consented: uses that are consented to; one that was never asked about is not.
        stopped: the participant has stopped the use of samples altogether.

    Raises:
        Refused: `sample_destroyed`, `sample_use_stopped` (also while a destruction is asked for),
            `sample_use_not_consented`.
    """
    _check_exists(sample)
    check_use_goes_on(stopped=stopped or sample.state is SampleState.DESTRUCTION_REQUESTED)
    if use not in consented:
        raise Refused("sample_use_not_consented", "This use was not consented to.")


def check_destruction(sample: Sample) -> None:
    """Accepts the destruction of a sample that still exists, asked for or not.

    Raises:
        Refused: `sample_destroyed`.
    """
    _check_exists(sample)


def _check_exists(sample: Sample) -> None:
    if sample.state is SampleState.DESTROYED:
        raise Refused("sample_destroyed", "The sample was destroyed.")


def to_destroy(samples: Collection[Sample]) -> tuple[Sample, ...]:
    """Samples for which a stop of sample use asks for the destruction: those that exist and are not asked for."""
    return tuple(one for one in samples if one.state in (SampleState.HELD, SampleState.TRANSFERRED))
