"""After the copies were built anew: everything that depends on them is looked at once."""

from services.safety.commands.check_definition import check_definition
from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.commands.match_report import match_known
from services.safety.commands.watch_rules import watch_rules
from services.safety.store.definitions import all_protocol_versions
from services.safety.store.dlt_windows import every_participant
from services.safety.store.places import trial_named
from shared.act import Act
from shared.database import Tx


async def settle_copies(tx: Tx, act: Act) -> None:
    """Check every definition, judge every window and match every report that can be matched."""
    for trial_id, protocol_version in await all_protocol_versions(tx):
        await check_definition(tx, act, trial_id=trial_id, protocol_version=protocol_version)
    for participant_id in await every_participant(tx):
        await judge_participant(tx, JudgeWindow(participant_id=participant_id, cause="rebuild"), act)
    for trial_id in sorted({trial_id for trial_id, _ in await all_protocol_versions(tx)}):
        await watch_rules(tx, act, await trial_named(tx, trial_id), cause="rebuild")
    while await match_known(tx, act):
        pass
