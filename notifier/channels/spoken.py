"""What the words and codes of every provider's receipts mean, for those that came before we knew their message."""

from notifier.channels.base import Verdict
from notifier.channels.smpp import words as smpp
from notifier.channels.twilio import words as twilio
from notifier.channels.twilio.calls import STATE_OF_CALL
from notifier.states import DeliveryState

# No word means one thing here and another there (a test). A word that says nothing about a state is none.
STATE_OF: dict[str, DeliveryState] = {
    word: state
    for words in (twilio.STATE_OF, STATE_OF_CALL, smpp.STATE_OF)
    for word, state in words.items()
    if state is not None
}
_VERDICT_ON = {smpp.PROVIDER: smpp.verdict_on}


def verdict_on(provider: str, code: str | None) -> Verdict | None:
    """What a code in a receipt of `provider` means; None for none and for one we do not know."""
    return _VERDICT_ON.get(provider, twilio.verdict_on)(code)
