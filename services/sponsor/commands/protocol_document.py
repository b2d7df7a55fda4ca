"""What every uploaded protocol file goes through after its form was found right."""

import hashlib
from collections.abc import Mapping
from typing import Any

from services.sponsor.domain.protocol_terms import ProtocolTerms, misfits
from services.sponsor.store.protocol_terms import TermsUnusable, read_terms
from services.sponsor.store.trial_kinds import trial_kinds
from shared.problems import InvalidRequest, Problem
from shared.tables import MAX_PAYLOAD_BYTES, canonical_json

ENVELOPE_BYTES = 8192
"""What the approval event says besides the file."""


def document_sha256(document: Mapping[str, Any]) -> str:
    """SHA-256 of the file's canonical JSON: equal content has one hash, however it was laid out."""
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()


def checked_terms(document: Mapping[str, Any]) -> ProtocolTerms:
    """The terms of a file whose rules can be used and which an event can carry.

    Raises:
        InvalidRequest: designs, cells and boundaries that cannot be used, and what the kind of trial does not
            have or lacks, each with its path.
        Problem: 413 `body_too_large`.
    """
    if len(canonical_json(document).encode()) > MAX_PAYLOAD_BYTES - ENVELOPE_BYTES:
        raise Problem("body_too_large")
    try:
        terms = read_terms(document)
    except TermsUnusable as unusable:
        errors = [
            {"path": path, "rule": refused.code, "message": f"{refused.kind.title}."}
            for path, refused in unusable.problems
        ]
        raise InvalidRequest(errors) from None
    rules = trial_kinds().rules(terms.kind, ctimp=terms.ctimp)
    found = misfits(terms, rules)
    if found:
        raise InvalidRequest([{"path": it.path, "rule": it.rule, "message": it.message} for it in found])
    return terms
