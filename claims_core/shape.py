"""Which shape the database has and which one this version expects. Whoever serves asks at each start.

Apart from `migrate`, which changes shapes: its library is a tenth of what a process would import.
"""

import logging
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import must_answer
from claims_core.errors import Misconfigured
from claims_core.files import folder

log = logging.getLogger(__name__)

# Written beside the revision by the code that made the shape, for the code that knows only an older one (ADR 41).
_FITS_FROM = "select obj_description(to_regclass('alembic_version'), 'pg_class')"


async def revision(engine: AsyncEngine) -> str | None:
    """The revision the database is at; None when it is empty."""
    async with engine.connect() as connection:
        if (await connection.exec_driver_sql("select to_regclass('alembic_version')")).scalar_one() is None:
            return None
        found: str | None = (await connection.exec_driver_sql("select version_num from alembic_version")).scalar()
        return found


def head() -> str:
    """The revision the code expects: the first four digits of the name written in `migrations/HEAD`."""
    return (folder("migrations") / "HEAD").read_text().strip()[:4]


def oldest() -> str:
    """The oldest revision whose code still runs on the shape of `head()`, as `migrations/OLDEST` says."""
    return (folder("migrations") / "OLDEST").read_text().strip()[:4]


def versions() -> list[Path]:
    """The migrations, oldest first."""
    return sorted((folder("migrations") / "versions").glob("[0-9]*.py"))


async def must_fit(engine: AsyncEngine) -> None:
    """Raises `Misconfigured` unless the database answers and has a shape that this version can work with.

    That is its own, or a newer one of which the newer version has said that this one may go on beside it.
    """
    await must_answer(engine)
    found, wanted = await revision(engine), head()
    if found == wanted:
        return
    if not is_ahead(found):
        has = f"the shape {found}" if found else "no tables of ours"
        raise Misconfigured(f"the database has {has}, this version needs {wanted}: run `claims db upgrade`")
    async with engine.connect() as connection:
        fits_from = (await connection.exec_driver_sql(_FITS_FROM)).scalar_one()
    if fits_from is None or fits_from > wanted:
        raise Misconfigured(ahead(found))
    log.warning("database_is_ahead", extra={"found": found, "expected": wanted})


def is_ahead(found: str | None) -> bool:
    """Was the database made by a newer version? Revisions are numbers of four digits."""
    return found is not None and found > head()


def ahead(found: str | None) -> str:
    """What an operator must know of a database that is ahead of this version."""
    return (
        f"the database has the shape {found}, newer than this version knows ({head()}): start the version that made it,"
        " or restore the backup from before its upgrade"
    )
