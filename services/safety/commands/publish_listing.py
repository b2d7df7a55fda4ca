"""Publishing a listing: what was asked and the digest of the answer; the answer itself is rebuilt when it is read."""

from dataclasses import dataclass

from services.safety.domain.listing import ListingRequest, require_lock
from services.safety.domain.roles import ROUTING_CASES
from services.safety.events.published import ListingPublishedV1
from services.safety.store.listings import add_listing
from services.safety.store.places import trial_named
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishListing:
    """`sha256` and `size` are those of the listing as it was built."""

    request: ListingRequest
    sha256: str
    size: int


async def publish_listing(tx: Tx, command: PublishListing, act: Act) -> str:
    """Keep the listing's question and digest; returns its id.

    Raises:
        Refused: `lock_in_future`, `impossible_date`.
    """
    principal, request = act.principal, command.request
    assert principal is not None
    grant = permit(principal, ROUTING_CASES, scope=request.trial, unit=ANY)
    require_lock(request, act.now)
    trial = await trial_named(tx, None, request.trial)
    listing_id = act.new_id()
    values = {
        "id": listing_id,
        "trial_key": request.trial,
        "kind": request.kind.value,
        "from_on": request.from_on.isoformat(),
        "to_on": request.to_on.isoformat(),
        "lock_at": request.lock_at,
        "layout": request.layout,
        "zone": request.zone.key,
        "sha256": command.sha256,
        "size": command.size,
        "published_by": act.actor,
        "published_at": act.now,
    }
    await add_listing(tx, values)
    body = ListingPublishedV1.model_validate(
        {
            "trial_id": trial.id,
            "listing_id": listing_id,
            "kind": request.kind.value,
            "lock_at": request.lock_at,
            "sha256": command.sha256,
            "published_at": act.now,
        }
    )
    event = NewEvent(aggregate_id=listing_id, scope=trial.scope, body=body)
    await put(tx, act.as_role(grant.role), event)
    return listing_id
