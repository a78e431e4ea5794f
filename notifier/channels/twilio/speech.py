"""What is said on a call, as TwiML: the message, and "press 1 to hear it again" (pure)."""

from twilio.twiml.voice_response import Gather, VoiceResponse

LONGEST_TWIML = 4_000  # facts B11
KEY_SECONDS = 6
_TAG = {"en": "en-US", "ru": "ru-RU"}
_SAID = {
    "en": {
        "hello": "Hello. This is {brand}.",
        "hello_unnamed": "Hello. This is your insurer.",
        "again": "To hear this again, press one.",
        "code": "Somebody has asked for a code to open your claim. To hear the code, press one.",
        "nothing": "There is nothing more to hear. Goodbye.",
        "bye": "Goodbye.",
    },
    "ru": {
        "hello": "Здравствуйте. Это {brand}.",
        "hello_unnamed": "Здравствуйте. Это ваша страховая компания.",
        "again": "Чтобы прослушать ещё раз, нажмите один.",
        "code": "Для входа на страницу дела запросили код. Чтобы услышать код, нажмите один.",
        "nothing": "Больше сообщений нет. До свидания.",
        "bye": "До свидания.",
    },
}


def message(text: str, language: str, *, brand: str, action: str) -> str:
    """The message as soon as somebody answers; a key posts to `action`."""
    return _with_key([_hello(language, brand), text, _SAID[language]["again"]], language, action)


def gate(language: str, *, brand: str, action: str) -> str:
    """For a code: nothing of it is said before somebody presses the key. A mailbox presses none."""
    asks = _SAID[language]["code"]
    return _with_key([_hello(language, brand), asks, asks], language, action)


def again(text: str, language: str, *, action: str) -> str:
    """The message once more, and the key as before."""
    return _with_key([text, _SAID[language]["again"]], language, action)


def farewell(language: str, *, known: bool = True) -> str:
    """The end of the call: another key, or nothing that could be said."""
    response = VoiceResponse()
    response.say(_SAID[language]["bye" if known else "nothing"], language=_TAG[language])
    response.hangup()
    return str(response)


def _hello(language: str, brand: str) -> str:
    said = _SAID[language]
    return said["hello"].format(brand=brand) if brand else said["hello_unnamed"]


def _with_key(sentences: list[str], language: str, action: str) -> str:
    response = VoiceResponse()
    gather = Gather(input="dtmf", num_digits=1, timeout=KEY_SECONDS, action=action, method="POST")
    for sentence in sentences:
        gather.say(sentence, language=_TAG[language])
    response.append(gather)
    response.say(_SAID[language]["bye"], language=_TAG[language])
    response.hangup()
    return str(response)
