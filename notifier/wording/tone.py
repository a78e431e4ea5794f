"""What no service text may say, whoever writes it: promotion, a check for fraud, a link or a date of its own (pure)."""

import re
from typing import NamedTuple

from claims_core.i18n import marked as _


class Rule(NamedTuple):
    """Words that are refused, and the sentence that says why."""

    words: re.Pattern[str]
    why: str


def _rule(why: str, *words: str) -> Rule:
    return Rule(re.compile("|".join(words), re.IGNORECASE), why)


_MONTHS = (
    "январ|феврал|март|апрел|ма[йя]|июн|июл|август|сентябр|октябр|ноябр|декабр",
    "january|february|march|april|may|june|july|august|september|october|november|december",
)
FOREIGN_LINK = _("a link of its own; the value link is the only one that readers can trust")
FOREIGN_PHONE = _("a telephone number of its own; say the value phone")
UNPROMISED = _("a date or a span that no promise stands behind; say the value date")
RULES = (
    # A text with promotion in it is an advertisement: it needs a consent of its own (Federal Law 38-FZ, art. 18; in the
    # United States 47 CFR 64.1200(f)(1), (f)(13)), and costs the trust of those who wait.
    _rule(
        _("promotion has no place in a service text"),
        r"\bскид(?:к|ок)",
        r"\bакци(?:я|и|ю|ей)\b",
        r"\bвыгодн",
        r"\bспецпредлож",
        r"\bпромокод",
        r"\bбонус",
        r"\bк[эе]шб[эе]к",
        r"\bподар(?:ок|к)",
        r"\b(?:оформите|купите|продлите)\b",
        r"\bdiscount",
        r"\bpromo",
        r"\bspecial offer",
        r"\bcash ?back",
        r"\bbonus",
        r"\bgift\b",
        r"\d ?% off\b",
        r"\b(?:buy|upgrade|renew) (?:now|your|a|the)\b",
    ),
    # Whether a claim is under special investigation is told to nobody (`stages` 8: one page for every extended check).
    _rule(
        _("it would tell of a check for fraud; say that more time is needed"),
        r"мошенн",
        r"\bподозр",
        r"\bфрод",
        r"служб\w* безопасности",
        r"недобросовестн",
        r"сомнительн",
        r"\bобман",
        r"расследован",
        r"специальн\w* провер",
        r"\bfraud",
        r"\bsuspic",
        r"\bSIU\b",
        r"\binvestigat",
        r"\bscam",
    ),
    # Who waits is not the accused: what is missing is said, and by when, not whose fault it is (`ux` 2.1).
    _rule(
        _("it accuses the reader; say what is missing and what to do"),
        r"\b(?:по )?ваш(?:а|ей) вин",
        r"\bвы (?:так и )?не (?:предоставили|прислали|ответили|явились|сообщили|выполнили|соблюли)",
        r"\bвы (?:нарушили|забыли|скрыли|обязаны|должны были|отказались)",
        r"\byour (?:own )?fault\b",
        r"\byou (?:have )?(?:failed|forgot|violated|neglected|concealed|refused)\b",
        r"\byou (?:did not|didn['’]t|must have|should have)\b",
    ),
    _rule(
        FOREIGN_LINK,
        r"https?:",
        r"\bwww\.",
        # A telephone makes a link of any two words with nothing but a dot between them.
        r"[^\W_]\.[^\W\d_]{2}",
        r"@[^\W_]{2}",
    ),
    _rule(
        FOREIGN_PHONE,
        r"\+?\d(?:[\s().-]?\d){9,}",
    ),
    # Letters that only look alike hide words from this list, and make an SMS in Latin letters a short one.
    _rule(
        _("a word with letters of two alphabets"),
        r"[a-z][а-яё]",
        r"[а-яё][a-z]",
    ),
    # Every date told is a promise that is kept or missed in the ledger; a date in a template is neither.
    _rule(
        UNPROMISED,
        r"\b\d{1,2}\.\d{2}\b",
        r"\b\d{2}/\d{2}\b",
        r"\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b",
        r"\b\d{4}-\d\d-\d\d\b",
        rf"\b\d{{1,2}} (?:{'|'.join(_MONTHS)})",
        rf"\b(?:{_MONTHS[1]}) \d{{1,2}}\b",
        r"\b(?:завтра|послезавтра|tomorrow)\b",
        r"\b(?:через|в течение|за) \d+ (?:минут|час|дн|день|недел|рабоч|банков)",
        r"\b(?:within|in) \d+ (?:minute|hour|day|week|working|business)",
    ),
)


class Slip(NamedTuple):
    """Words to blame, and why they may not be sent (a msgid)."""

    found: str
    why: str


def slips_in(words: str) -> list[Slip]:
    """Why these words of a template may not be sent; empty when they may."""
    return [Slip(found[0], rule.why) for rule in RULES if (found := rule.words.search(words))]
