"""OURS: whoever forwards a text to us hears whether it is ours and when it left, and nothing about a claim."""

from datetime import timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_id
from notifier.states import CauseKind, ChannelName, Importance, NotificationState
from notifier.tables import Notification
from tests.factories import NOON
from tests.notifier.scenes import KEY, notifications
from tests.notifier.test_inbound import PHONE, hear, somebody, texts
from tests.portal.links import handed_over

WORD, ANOTHER = "Ab3dE6gH", "Zz9yX8wV"
YES = "Да, это наше SMS от 31.05, 12:00. Код и карту мы не спросим"
NO = "Нет, это не мы. Ссылку не открывайте. Открыли? Тел. 8 800 555-35-35"
HOW = "Send OURS and our whole text, or OURS and the 8 signs at the end of its link"


async def told_to_somebody(session: AsyncSession) -> None:
    """A text with the link `WORD` left a day ago for somebody else."""
    claim = await somebody(session)
    told = Notification(
        cause_kind=CauseKind.CASE_EVENT,
        cause_id=new_id(),
        template="awaiting",
        recipient_id=claim.policyholder_id,
        claim_id=claim.id,
        importance=Importance.PROGRESS,
        channel=ChannelName.SMS,
        state=NotificationState.SENT,
        not_before=NOON,
        send_by=NOON,
    )
    session.add(told)
    await session.flush()
    session.add(handed_over(told, WORD, key=KEY, now=NOON - timedelta(days=1)))
    await session.flush()


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (f"ваше {WORD}", YES),
        (f"BAШЕ? Дело 7785: решение до 04.06. primer.exm/{WORD}", YES),
        (f"Ваше: https://claims.example/c/{WORD}", YES),
        (f"ваше {ANOTHER}", NO),
        (f"Ваше Дело 7785: решение до 04.06. primer.exm/{WORD} primer-pay.ru/{WORD}", NO),
        ("OURS", HOW),
    ],
)
async def test_a_forwarded_text_is_told_apart_by_its_word(session: AsyncSession, body: str, answer: str):
    await told_to_somebody(session)
    assert (await hear(session, body)).command == "ours"
    assert await texts(session) == [answer]


async def test_words_are_not_guessed_by_asking(session: AsyncSession):
    """A wrong word costs one of a number's three answers a day, and a number that is nobody's gets none."""
    await told_to_somebody(session)
    outcomes = [(await hear(session, f"OURS {n:08d}")).outcome for n in range(5)]
    assert outcomes == ["kw_ours_no"] * 3 + ["answered_enough"] * 2
    assert (await hear(session, f"OURS {WORD}", address="+12015550123")).outcome == "unknown_number"
    assert {each.claim_id for each in await notifications(session) if each.template == "kw_ours_yes"} == set()
    assert PHONE not in " ".join(await texts(session))
