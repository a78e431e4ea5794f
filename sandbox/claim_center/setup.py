"""The settings of the emulated installation: every unverified thing about the real one is here, with its default."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setup:
    """One ClaimCenter. What the vendor has not published is marked (assumed)."""

    login_id: str = "claims-status"
    login_secret: str = "sandbox"
    token_seconds: float = 3600
    # Lists: 25 by default, 100 at most (published, base configuration).
    page_size: int = 25
    largest_page: int = 100
    # (assumed) Which fields of the light list can be filtered and sorted by.
    filterable: frozenset[str] = frozenset({"updateTime", "claimNumber", "policyNumber", "state"})
    sortable: frozenset[str] = frozenset({"updateTime", "claimNumber"})
    # (assumed) None of the fields of a claim's own lists can be filtered or sorted by.
    filterable_in_parts: frozenset[str] = frozenset()
    sortable_in_parts: frozenset[str] = frozenset()
    # (assumed) What `*summary` shows, and which fields `fields` may name though a resource has none of them just now.
    summary_fields: frozenset[str] = frozenset({"id", "claimNumber", "policyNumber", "state"})
    known_fields: frozenset[str] = frozenset(
        {
            "id",
            "claimNumber",
            "policyNumber",
            "state",
            "lobCode",
            "lossDate",
            "reportedDate",
            "insured",
            "assignedUser",
            "assignedGroup",
            "closedOutcome",
            "reopenedReason",
            "updateTime",
            "description",
            "status",
            "dueDate",
            "subject",
        }
    )
    # (assumed) What a claim can be asked for together with; documents hold too much.
    includable: frozenset[str] = frozenset({"activities", "checks", "contacts", "exposures", "payments"})
    # (assumed) The answer to an old checksum: 400 with both checksums in words; 409 and 412 are seen elsewhere.
    stale_answer: int = 400
    # (assumed) An archived claim answers by its id without its lists; the light list names it, a search does not.
    lists_archived: bool = True
    # The extension field that a handler's decision is written to; each insurer names their own.
    stage_field: str = "extSelfServiceStage_Ext"
    # Properties that a PATCH may carry; any other is refused unless a header says otherwise (published).
    writable: frozenset[str] = frozenset(
        {
            "description",
            "extSelfServiceStage_Ext",
            "extApprovedAmount_Ext",
            "extPayBy_Ext",
            "extPromisedDate_Ext",
            "extExtensionReason_Ext",
            "extRefusalReason_Ext",
            "extRefusalClause_Ext",
            "extRefusalDocument_Ext",
        }
    )
