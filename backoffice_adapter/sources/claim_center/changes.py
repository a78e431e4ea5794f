"""A handler's change into ClaimCenter: once for a transaction id, and only on the claim that the handler saw."""

from collections.abc import Mapping
from typing import Any

import httpx

from backoffice_adapter.source import Applied, Order, OrderKind
from backoffice_adapter.sources.claim_center.cases import claim_path, read_claim
from backoffice_adapter.sources.claim_center.listing import everything
from backoffice_adapter.sources.claim_center.transport import Transport, as_object, told
from claims_core.errors import SourceConflict, SourceRefused

_ALREADY = "AlreadyExecutedException"


async def apply(
    transport: Transport, ref: str, order: Order, *, checksum: str | None, transaction_ref: str, again: bool
) -> Applied:
    """Put `order` into the claim. Raises `SourceConflict` if it is no longer the one with `checksum`.

    `again` says that an earlier try may have arrived: then the claim may have moved by our own hand.
    """
    if order.kind is OrderKind.ACTIVITY and checksum is not None and not again:
        # A new activity has no checksum to check, so the claim's is compared before.
        await _must_be(transport, ref, checksum)
    answer = await _send(transport, ref, order, checksum=checksum, transaction_ref=transaction_ref)
    if answer.status_code in (200, 201, 202, 204):
        return Applied()
    said = as_object(answer)
    if _ALREADY in str(said.get("errorCode")):
        return Applied(already=True)
    if is_stale(answer):
        # The answer to a call of our own may have been lost: then the checksum is old because of us.
        if await _shows(transport, ref, order):
            return Applied(already=True)
        raise SourceConflict(told(answer))
    raise SourceRefused(told(answer))


def is_stale(answer: httpx.Response) -> bool:
    """Does this refusal say that the checksum is old? The HTTP status of it is not promised."""
    if answer.status_code in (409, 412):
        return True
    said = as_object(answer)
    words = f"{said.get('userMessage')} {said.get('details')} {said.get('errorCode')}".lower()
    return answer.status_code == 400 and "checksum" in words


async def _send(
    transport: Transport, ref: str, order: Order, *, checksum: str | None, transaction_ref: str
) -> httpx.Response:
    data: dict[str, Any] = {"attributes": dict(order.attributes)}
    method, path = "POST", claim_path(ref, "activities")
    if order.kind is OrderKind.PATCH:
        method, path = "PATCH", claim_path(ref)
    if order.kind is OrderKind.CLOSE:
        path = claim_path(ref, "close")
    if order.kind is not OrderKind.ACTIVITY and checksum is not None:
        data["checksum"] = checksum
    return await transport.call(method, path, body={"data": data}, headers={"GW-DBTransaction-ID": transaction_ref})


async def _must_be(transport: Transport, ref: str, checksum: str) -> None:
    claim = await read_claim(transport, ref)
    if claim is None:
        raise SourceRefused("404: the claim is absent or hidden")
    if claim.checksum != checksum:
        raise SourceConflict(f"the claim's checksum is {claim.checksum}, not {checksum}")


async def _shows(transport: Transport, ref: str, order: Order) -> bool:
    """Does the claim already stand as ordered?"""
    if order.kind is OrderKind.ACTIVITY:
        activities = await everything(transport, claim_path(ref, "activities"), page_size=100)
        return any(_holds(item.attributes, order.attributes) for item in activities)
    claim = await read_claim(transport, ref)
    if claim is None:
        return False
    if order.kind is OrderKind.CLOSE:
        state = claim.attributes.get("state")
        return isinstance(state, Mapping) and state.get("code") == "closed"
    return _holds(claim.attributes, order.attributes)


def _holds(whole: Any, part: Any) -> bool:
    """Is `part` inside `whole`? Only the keys that were ordered are looked at."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(_holds(whole.get(key), value) for key, value in part.items())
    return bool(whole == part)
