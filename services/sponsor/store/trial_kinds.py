"""The table of kinds of trial that comes with the service, as a data file."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.roles import Role
from services.sponsor.domain.trial_kind import ApprovalKind, Covers, KindRules, TrialKinds

_FILE = Path(__file__).parents[1] / "rules" / "trial-kinds.v1.json"


@cache
def trial_kinds() -> TrialKinds:
    """The table, read once."""
    return read_trial_kinds(json.loads(_FILE.read_text(encoding="utf-8")))


def read_trial_kinds(stated: Mapping[str, Any]) -> TrialKinds:
    """The table from its JSON.

    Raises:
        KeyError: a row names an approval or leaves out a field.
        ValueError: a word that has no meaning here.
    """
    approvals = {
        kind: ApprovalKind(
            kind=kind,
            title=it["title"],
            covers=Covers(it["covers"]),
            source=it["source"],
            status=it["status"],
        )
        for kind, it in stated["approvals"].items()
    }
    hosted = stated["hosted"]
    return TrialKinds(
        version=stated["version"],
        approvals=approvals,
        medicines={kind: _rules(kind, it, "ctimp", approvals) for kind, it in stated["kinds"].items()},
        others={kind: _rules(kind, it, "other", approvals) for kind, it in stated["kinds"].items()},
        letters=SigningRules(
            required_roles=(),
            minimum_signers=hosted["people"],
            signing_roles=frozenset(Role(role) for role in hosted["signing_roles"]),
        ),
    )


def _rules(kind: str, it: Mapping[str, Any], which: str, approvals: Mapping[str, ApprovalKind]) -> KindRules:
    return KindRules(
        kind=kind,
        approvals=tuple(approvals[name] for name in it["approvals"][which]),
        levels=it["levels"],
        randomisation_needed=it["randomisation_needed"],
        follow_up_years=it["follow_up_years"],
        registration=it["registration"],
        regime=it["regime"][which],
        source=it["source"],
        status=it["status"],
    )
