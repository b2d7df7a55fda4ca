"""Acts about a dose that are done once: acknowledging, answering, countersigning, correcting."""

from collections.abc import Collection

from services.enrolment.domain.refusals import Refused


def check_unacknowledged(*, acknowledged: bool) -> None:
    """Accepts a confirmation that no pharmacist has taken.

    Raises:
        Refused: `confirmation_acknowledged`.
    """
    if acknowledged:
        raise Refused("confirmation_acknowledged", "A pharmacist has acknowledged it.")


def check_unanswered(*, answered: bool) -> None:
    """Accepts a query that waits for its answer.

    Raises:
        Refused: `dose_query_answered`.
    """
    if answered:
        raise Refused("dose_query_answered", "The query has an answer.")


def check_countersigning(role: str | None, missing: Collection[str]) -> str:
    """The role in which somebody countersigns.

    Args:
        role: in which the person authorised the dose; None for anybody else.
        missing: roles that have not countersigned.

    Raises:
        Refused: `forbidden` or `countersigned_already`.
    """
    if role is None:
        raise Refused("forbidden", "Two other people authorised this dose.")
    if role not in missing:
        raise Refused("countersigned_already", "The signature is on record.")
    return role


def check_correctable(*, stands: bool, replaced_by: str | None) -> None:
    """Accepts a record that stands; one that was taken back is answered with the one in its place.

    Raises:
        Refused: `dose_corrected_already`.
    """
    if not stands:
        raise Refused("dose_corrected_already", "Correct the record that stands.", replaced_by=replaced_by)


def check_changes(*, on_record: bool, where: str = "") -> None:
    """Accepts a correction that says something else than what is on record.

    Args:
        on_record: exactly this stands on record.
        where: what to do instead, one sentence.

    Raises:
        Refused: `correction_without_change`.
    """
    if on_record:
        raise Refused("correction_without_change", where or "Exactly this is on record.")
