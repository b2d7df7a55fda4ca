"""What would change for a trial under the dictionary of another protocol version; nothing is stored."""

from dataclasses import dataclass
from datetime import datetime

from services.safety.domain.ctcae_preview import Adoption, WindowPreview, preview_window
from services.safety.domain.roles import READING_VERDICTS
from services.safety.store.ctcae_mappings import mapping_between
from services.safety.store.definitions import parsed, participants_after, protocol_terms
from services.safety.store.laboratory_rules import laboratory_rules_for
from services.safety.store.places import trial_named
from services.safety.store.window_facts import registration_of
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A page of participants; `windows` are those for whom something would change, `last` the last looked at."""

    protocol_version: str
    dictionary: str
    windows: tuple[WindowPreview, ...]
    last: str | None


async def preview_dictionary(
    tx: Tx,
    principal: Principal,
    *,
    trial_key: str,
    protocol_version: str,
    after: str,
    limit: int,
    now: datetime,
) -> Preview:
    """Every participant's events and verdict, as they are and as they would be.

    Participants keep the protocol version under which they were registered, and events their dictionary: this is for
    the decision whether to adopt a version. 404 when trial or version is not known here.
    """
    permit(principal, READING_VERDICTS, scope=trial_key, unit=ANY)
    trial = await trial_named(tx, None, trial_key)
    terms = None if trial.id is None else await protocol_terms(tx, trial.id, protocol_version)
    definition = None if terms is None else parsed(terms.definition_text)
    if trial.id is None or terms is None or definition is None:
        raise Problem("not_found")
    participants = await participants_after(tx, trial.id, after, limit)
    windows = []
    for participant_id in participants:
        registration = await registration_of(tx, participant_id)
        if registration is None or registration.window is None or registration.voided_at is not None:
            continue
        facts = registration.facts(registration.window.window_id)
        source = "" if facts.definition is None else facts.definition.ctcae
        mapping = mapping_between(source, definition.ctcae)
        if mapping is not None:
            laboratory = laboratory_rules_for(definition.ctcae)
            adoption = Adoption(mapping=mapping, laboratory=laboratory, definition=definition)
            windows.append(preview_window(facts, adoption, now=now))
    return Preview(
        protocol_version=protocol_version,
        dictionary=definition.ctcae,
        windows=tuple(one for one in windows if one.flips or any(event.changes for event in one.events)),
        last=participants[-1] if len(participants) == limit else None,
    )
