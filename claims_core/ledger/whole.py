"""Whether each row that the ledger alone writes has the claim or the person it belongs to (ADR 39)."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

# What a foreign key would watch over: the table, its column, and where the parent lies.
PARENTS = (
    ("claim", "policyholder_id", "policyholder"),
    ("claim", "part_of", "claim"),
    ("contact_point", "policyholder_id", "policyholder"),
    ("case_event", "claim_id", "claim"),
    ("promise", "claim_id", "claim"),
    ("pause", "claim_id", "claim"),
    ("payment", "claim_id", "claim"),
    ("document_request", "claim_id", "claim"),
)
_ALONE = "select count(*) from {} t where t.{} is not null and not exists (select from {} p where p.id = t.{})"


async def orphans(engine: AsyncEngine) -> list[str]:
    """A sentence for each table with rows whose claim or person is missing; reads these tables whole."""
    said = []
    async with engine.connect() as connection:
        for table, column, parent in PARENTS:
            alone = (await connection.execute(text(_ALONE.format(table, column, parent, column)))).scalar_one()
            if alone:
                said.append(f"{table}: {alone} rows name a {parent} that is not there ({column})")
    return said
