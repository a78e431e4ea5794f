"""What somebody presses while we read a message out to them: one says it once more, all else ends the call."""

import logging
from datetime import datetime, timedelta

import asyncpg

from claims_core.sealing import SealBroken, unseal
from notifier.channels.base import hash_of_token
from notifier.channels.twilio import speech
from notifier.channels.twilio.calls import SPOKEN_SEAL
from notifier.settings import NotifierSettings

log = logging.getLogger(__name__)

ONCE_MORE = "1"
# No call lasts so long; later nothing is said to whoever knows an old address.
TALKS_FOR = timedelta(minutes=15)
_SAID = """
select d.text, n.language, n.importance from delivery d join notification n on n.id = d.notification_id
where d.token_hash = $1 and d.channel = 'voice' and d.started_at > $2
"""


async def answer_key(
    connection: asyncpg.Connection,
    *,
    token: str,
    digits: str,
    sealed: str | None,
    action: str,
    now: datetime,
    settings: NotifierSettings,
) -> str:
    """The TwiML that goes on with the call of this token. `sealed` is a code's text, which we keep nowhere."""
    row = await connection.fetchrow(_SAID, hash_of_token(token), now - TALKS_FOR)
    if row is None:
        return speech.farewell("en", known=False)
    language, text = row["language"], row["text"] if row["importance"] != "code" else None
    if sealed is not None:
        text = _opened(sealed, settings)
    if digits != ONCE_MORE or text is None:
        return speech.farewell(language)
    return speech.again(text, language, action=action)


def _opened(sealed: str, settings: NotifierSettings) -> str | None:
    try:
        return unseal(sealed, settings.portal_secret_key, purpose=SPOKEN_SEAL)
    except SealBroken:
        log.warning("spoken_code_unreadable")
        return None
