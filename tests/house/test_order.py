"""Who waits is helped in the order of what we promised: what a claim is worth moves nobody up."""

from sqlalchemy import Numeric

from claims_core.tables import Claim, Payment
from tests.house.source import ROOT

QUEUE = ROOT / "claims_portal" / "desk" / "queue"


def test_the_order_of_the_queue_reads_no_premium_and_no_sum():
    columns = [*Claim.__table__.c, *Payment.__table__.c]
    sums = {column.name for column in columns if isinstance(column.type, Numeric)}
    assert {"assessed", "approved", "amount"} <= sums
    words = sums | {"premium", "sum_insured", "payment "}
    for file in QUEUE.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not {word for word in words if word in text}, file.name
