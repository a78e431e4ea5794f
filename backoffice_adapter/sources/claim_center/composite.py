"""Many claims in one call of the Composite API: up to 100 reads each, where an insurer's gateway lets us.

The shape of request and answer is taken from the vendor's examples; whatever of it does not fit is read one by one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backoffice_adapter.source import Shown
from backoffice_adapter.sources.claim_center.cases import claim_path, read_case, read_part, to_record
from backoffice_adapter.sources.claim_center.listing import Item, follow, is_resource, to_item, to_page
from backoffice_adapter.sources.claim_center.transport import Transport, as_object, told
from claims_core.errors import SourceRefused

PATH = "/composite/v1/composite"
MOST_PARTS = 100
# What the Composite API does not let in.
OUTSIDE = frozenset({"documents"})


async def read_cases(
    transport: Transport, refs: Sequence[str], *, parts: Sequence[str], page_size: int, key: bytes
) -> list[Shown]:
    """The claims of one call with their parts; without those that are absent or hidden. See `claims_a_call`."""
    inside = [part for part in parts if part not in OUTSIDE]
    answers = await _select(transport, [uri for ref in refs for uri in _uris(ref, inside, page_size)])
    width = 1 + len(inside)
    found: list[Shown] = []
    for place, ref in enumerate(refs):
        shown = await _put_together(
            transport, ref, answers[place * width : (place + 1) * width], parts=parts, page_size=page_size, key=key
        )
        if shown is not None:
            found.append(shown)
    return found


def claims_a_call(parts: Sequence[str]) -> int:
    """How many claims with these parts fit into one call."""
    return max(1, MOST_PARTS // (1 + len([part for part in parts if part not in OUTSIDE])))


def _uris(ref: str, inside: Sequence[str], page_size: int) -> list[str]:
    return [claim_path(ref), *(f"{claim_path(ref, part)}?pageSize={page_size}" for part in inside)]


async def _select(transport: Transport, uris: Sequence[str]) -> list[Mapping[str, Any] | None]:
    """The bodies of the reads in their order; None for one that was refused or not answered."""
    answer = await transport.call("POST", PATH, body={"requests": [], "selections": [{"uri": uri} for uri in uris]})
    if answer.status_code != 200:
        raise SourceRefused(f"POST {PATH}: {told(answer)}; take `composite` from the source, or let it through")
    said = as_object(answer).get("selections")
    if not isinstance(said, list) or len(said) != len(uris):
        return [None] * len(uris)
    return [_body(one) for one in said]


def _body(selection: Any) -> Mapping[str, Any] | None:
    if not isinstance(selection, Mapping) or selection.get("status", 200) != 200 or selection.get("skipped"):
        return None
    body = selection.get("body")
    return body if isinstance(body, Mapping) else None


async def _put_together(
    transport: Transport,
    ref: str,
    answers: Sequence[Mapping[str, Any] | None],
    *,
    parts: Sequence[str],
    page_size: int,
    key: bytes,
) -> Shown | None:
    """One claim of the call. A part that was not answered says that it must be read alone, which says why."""
    claim, lists = answers[0], answers[1:]
    if claim is None or not is_resource(claim.get("data")) or None in lists:
        return await read_case(transport, ref, parts=parts, page_size=page_size, key=key)
    answered = iter([one for one in lists if one is not None])
    found: dict[str, list[Item]] = {}
    for part in parts:
        items = (
            await read_part(transport, ref, part, page_size=page_size)
            if part in OUTSIDE
            else await follow(transport, to_page(next(answered), claim_path(ref, part)))
        )
        if items is None:
            return await read_case(transport, ref, parts=parts, page_size=page_size, key=key)
        found[part] = items
    item = to_item(claim["data"])
    attributes = {part: [one.attributes for one in items] for part, items in found.items()}
    return to_record(ref, item.attributes, attributes, key=key, checksum=item.checksum)
