"""The words of CTCAE about an event's term, for whoever reads the event."""

from pathlib import Path

from services.safety.domain.adverse_event import CodedTerm
from services.safety.domain.ctcae_texts import TermTexts
from services.safety.store.ctcae_texts import texts_in


def texts_about(term: CodedTerm | None, folder: Path) -> TermTexts | None:
    """Definition, note and grade texts of the dictionary with which the event was graded.

    Returns:
        None for an event without coded term, and where no operator has imported the texts of that dictionary.
    """
    texts = None if term is None else texts_in(folder, term.dictionary)
    return None if texts is None or term is None else texts.find(term.name)
