"""`/how-long`: how long claims take, by line, for anybody. It reads the rows of last night and computes nothing."""

import csv
from collections.abc import Sequence
from io import StringIO

from fastapi import APIRouter, Depends, Request
from sqlmodel import col, select
from starlette.responses import Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.stages import LineOfBusiness
from claims_figures.tables import Figure
from claims_portal.auth import allow_anyone
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.pages.how_long.view import build
from claims_portal.pages.speech import Speech
from claims_portal.rendering import page

router = APIRouter(include_in_schema=False)

NAME = "how_long"
PLAIN = ("claims", "open", "half", "eight_in_ten", "extended")
DAYS = ("14", "30", "60")
ENDS = ("paid", "partly", "declined", "otherwise")
HEAD = (
    "line", "period", "since", "until", *PLAIN, *(f"settled_in_{day}_days" for day in DAYS),
    *(f"{end}_after_60_days" for end in ENDS), "promises_kept", "promises_missed", "complaints_sent",
    "complaints_answered_in_time", *(f"half_of_size_quarter_{n}" for n in (1, 2, 3, 4)),
    "method", "version", "data_at",
)  # fmt: skip


@router.get("/how-long", dependencies=[Depends(allow_anyone)])
async def show_how_long(request: Request) -> Response:
    """The line with the most claims."""
    return await _shown(request, None)


@router.get("/how-long.csv", dependencies=[Depends(allow_anyone)])
async def give_figures(request: Request) -> Response:
    """All that is published, a row for each line and period; empty where nothing is said. Shares are of 1."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows(_as_row(row) for row in await _rows(request))
    named = {"Content-Disposition": 'attachment; filename="how-long.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=named)


@router.get("/how-long/{line}", dependencies=[Depends(allow_anyone)])
async def show_line(request: Request, line: str) -> Response:
    """One line. `NotFound` for what is none."""
    if line not in [each.value for each in LineOfBusiness]:
        raise NotFound(f"no line {line}")
    return await _shown(request, LineOfBusiness(line))


async def _shown(request: Request, line: LineOfBusiness | None) -> Response:
    said = Speech(look_of(request).language, portal_of(request).settings.zone, now_of(request))
    return page(request, "pages/how_long.html", build(await _rows(request), line, said))


async def _rows(request: Request) -> Sequence[Figure]:
    async with session_scope(portal_of(request).engine) as session:
        order = (col(Figure.subject), col(Figure.since).desc())
        return (await session.exec(select(Figure).where(Figure.name == NAME).order_by(*order))).all()


def _as_row(row: Figure) -> list[object]:
    numbers = row.numbers
    within, ended = numbers.get("within") or {}, numbers.get("ended") or {}
    promises, complaints = numbers.get("promises") or {}, numbers.get("complaints") or {}
    halves = [quarter["half"] for quarter in numbers.get("by_size") or [{"half": None}] * 4]
    return [
        row.subject, row.period, row.since, row.until,
        *(_plain(numbers.get(name)) for name in PLAIN),
        *(_plain(within.get(day)) for day in DAYS),
        *(_plain(ended.get(end)) for end in ENDS),
        promises.get("kept"), promises.get("missed"), complaints.get("sent"), complaints.get("in_time"),
        *halves, row.method, row.version, row.data_at.isoformat(),
    ]  # fmt: skip


def _plain(value: float | int | None) -> float | int | None:
    """A share in whole hundredths, as the page says it: finer figures of two nights would tell single claims."""
    return round(value, 2) if isinstance(value, float) else value
