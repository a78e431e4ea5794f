"""What a short answer of a policyholder means (pure). The words are `ux` 4.3 and settled question 26."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from notifier.wording.check_words import may_be_known


class Command(StrEnum):
    """What we understand; anything else is a question for a person."""

    WHERE = "status"
    MORE = "more"
    LESS = "less"
    STOP = "stop"
    START = "start"
    HELP = "help"
    OURS = "ours"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Understood:
    """A command, and the language it was said in (None: a question has the person's own)."""

    command: Command
    language: str | None = None


WORDS: dict[Command, dict[str, tuple[str, ...]]] = {
    Command.WHERE: {"en": ("STATUS", "WHEN"), "ru": ("СТАТУС", "ГДЕ", "КОГДА", "STATYC")},
    Command.MORE: {"en": ("MORE", "OFTEN"), "ru": ("ЧАЩЕ", "БОЛЬШЕ", "CHASHE", "CHASCHE")},
    Command.LESS: {"en": ("LESS", "RARE"), "ru": ("РЕЖЕ", "МЕНЬШЕ", "REZHE")},
    Command.STOP: {
        "en": ("STOP", "UNSUBSCRIBE", "STOPALL", "END", "QUIT", "REVOKE", "OPTOUT"),
        "ru": ("СТОП", "ОТПИСКА", "ОТПИСАТЬСЯ"),
    },
    Command.START: {"en": ("START",), "ru": ("СТАРТ",)},
    Command.HELP: {"en": ("HELP", "INFO"), "ru": ("ПОМОЩЬ", "ПОМОГИТЕ", "КОМАНДЫ")},
    Command.OURS: {"en": ("OURS", "YOURS"), "ru": ("ВАШЕ", "ВАШИ", "VASHE")},
}
_FIRST_WORD = re.compile(r"\W*\w+\W*")
# "No" begins many an answer that means something else, so these are a STOP only alone.
STOP_ALONE = {"en": "CANCEL", "ru": "НЕТ"}
# A STOP is heard whatever follows. The others begin many a sentence that means something else ("Больше не пишите"):
# a message of more words than these is for a person, who reads all of it.
MOST_WORDS = {Command.WHERE: 4, Command.MORE: 1, Command.LESS: 1, Command.START: 1, Command.HELP: 1}
COURTESIES = frozenset({"PLEASE", "PLS", "THANKS", "ПОЖАЛУЙСТА", "СПАСИБО"})
FUZZY_FROM = 5  # letters; shorter words are too near to others
_LATIN, _CYRILLIC = "ABCEHKMOPTXY", "АВСЕНКМОРТХУ"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)


def understand(body: str) -> Understood:
    """The command in `body`. A STOP is heard whatever follows it; nothing but a STOP's own words is one."""
    if body.strip() == "?":
        return Understood(Command.WHERE)
    words = _words(body)
    if not words:
        return Understood(Command.QUESTION)
    if len(words) == 1:
        for language, word in STOP_ALONE.items():
            if word in _spellings(words[0]):
                return Understood(Command.STOP, language)
    said = _exactly("".join(words[:2]), among=(Command.STOP,)) or _exactly(words[0]) or _nearly(words[0])
    if said.command is Command.OURS and (rest := after_first_word(body)) and not may_be_known(rest):
        return Understood(Command.QUESTION)  # "Ваше решение мне непонятно"
    meant = sum(word not in COURTESIES for word in words)
    return said if meant <= MOST_WORDS.get(said.command, meant) else Understood(Command.QUESTION)


def after_first_word(body: str) -> str:
    """What follows the command: a text that was forwarded, or the word of its link, as it was written."""
    return _FIRST_WORD.sub("", body, count=1).strip()


def _words(body: str) -> list[str]:
    """Upper case, ё as е, no punctuation: a hyphen or an apostrophe joins, everything else parts words."""
    folded = unicodedata.normalize("NFKC", body).upper().replace("Ё", "Е")
    return "".join(_kept(sign) for sign in folded).split()


def _kept(sign: str) -> str:
    if sign.isalnum():
        return sign
    return "" if sign in "-\u2010\u2011'\u2019" or unicodedata.category(sign)[0] == "M" else " "


def _spellings(word: str) -> frozenset[str]:
    """The word as it is, and with the letters that look alike in the other alphabet."""
    return frozenset((word, word.translate(_TO_CYRILLIC), word.translate(_TO_LATIN)))


def _exactly(word: str, among: tuple[Command, ...] = tuple(WORDS)) -> Understood | None:
    spellings = _spellings(word)
    for command in among:
        for language, known in WORDS[command].items():
            if not spellings.isdisjoint(known):
                return Understood(command, language)
    return None


def _nearly(word: str) -> Understood:
    for command, languages in WORDS.items():
        if command is Command.STOP:
            continue  # nobody is silenced by a slip
        for language, known in languages.items():
            long = [each for each in known if len(each) >= FUZZY_FROM]
            if any(_one_apart(spelling, each) for each in long for spelling in _spellings(word)):
                return Understood(command, language)
    return Understood(Command.QUESTION)


def _one_apart(one: str, other: str) -> bool:
    """Is the edit distance 1 at most: one letter put in, left out or changed?"""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    place = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[place + (len(short) == len(long)) :] == long[place + 1 :]
