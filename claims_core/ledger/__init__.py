"""The one door through which claims, their facts and what people did about them are written.

Every function takes an open session and stays inside its transaction: the caller commits.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.ledger.asked import (
    Holder,
    answer_question,
    ask_question,
    hand_over_question,
    record_contact,
    take_question,
)
from claims_core.ledger.audit import Verified, audit, check_audit, seal_audit, verify_audit
from claims_core.ledger.change_requests import (
    finish_change,
    refuse_change,
    request_change,
    request_changes,
    take_change,
    undo_change,
    undo_changes,
)
from claims_core.ledger.complaints import serve_complaint
from claims_core.ledger.erasures import (
    ask_erasure,
    check_erasure,
    close_erasure,
    end_kept,
    erase_people,
    is_in_the_way,
    open_erasure,
    withdraw_erasure,
)
from claims_core.ledger.gone import mark_gone
from claims_core.ledger.joins import (
    join_by_hand,
    join_candidates,
    join_people,
    joins_of,
    mark_shared,
    undo_contradicted,
    undo_join,
    verify_contact_point,
)
from claims_core.ledger.known import changed_among, known_claim
from claims_core.ledger.missed import miss_promises
from claims_core.ledger.record import Recorded, record
from claims_core.ledger.representatives import (
    Named,
    agree_to_represent,
    end_representative,
    name_representative,
    representatives_of,
)
from claims_core.ledger.retries import request_retry
from claims_core.ledger.sentences import write_sentence
from claims_core.snapshot import ClaimSnapshot

__all__ = [
    "Holder",
    "Named",
    "Recorded",
    "Verified",
    "agree_to_represent",
    "answer_question",
    "ask_erasure",
    "ask_question",
    "audit",
    "changed_refs",
    "check_audit",
    "check_erasure",
    "close_erasure",
    "current_snapshot",
    "end_kept",
    "end_representative",
    "erase_people",
    "finish_change",
    "hand_over_question",
    "is_in_the_way",
    "join_by_hand",
    "join_candidates",
    "join_people",
    "joins_of",
    "mark_gone",
    "mark_shared",
    "miss_promises",
    "name_representative",
    "open_erasure",
    "record",
    "record_contact",
    "refuse_change",
    "representatives_of",
    "request_change",
    "request_changes",
    "request_retry",
    "seal_audit",
    "serve_complaint",
    "take_change",
    "take_question",
    "undo_change",
    "undo_changes",
    "undo_contradicted",
    "undo_join",
    "verify_audit",
    "verify_contact_point",
    "withdraw_erasure",
    "write_sentence",
]


async def changed_refs(session: AsyncSession, source: str, hashes: Mapping[str, bytes]) -> set[str]:
    """Of `hashes` by source ref, those whose stored hash differs or that are unknown: the rest needs no work."""
    return await changed_among(await driver_connection(session), source, hashes)


async def current_snapshot(session: AsyncSession, claim_id: UUID) -> ClaimSnapshot:
    """The claim as we know it, without its policyholder; raises `NotFound`."""
    return (await known_claim(await driver_connection(session), claim_id, lock=False)).snapshot
