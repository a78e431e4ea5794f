"""What no service text may say, whoever writes it: promotion, a check for fraud, a link or a date of its own (pure)."""

import re
from typing import NamedTuple


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
RULES = (
    # A text with promotion in it is an advertisement: it needs a consent of its own (Federal Law 38-FZ, art. 18; in the
    # United States 47 CFR 64.1200(f)(1), (f)(13)), and costs the trust of those who wait.
    _rule(
        "promotion has no place in a service text",
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
        "it would tell of a check for fraud; say that more time is needed",
        r"мошенн",
        r"\bподозр",
        r"\bфрод",
        r"служб\w* безопасности",
        r"недобросовестн",
        r"сомнительн",
        r"\bfraud",
        r"\bsuspic",
        r"\bSIU\b",
        r"\binvestigat",
    ),
    _rule(
        "a link of its own; {{ link }} is the only one that readers can trust",
        r"https?:",
        r"\bwww\.",
        r"(?<![\w{])[\w-]+\.(?:ru|рф|su|com|net|org|info|io|me|ly|link|app)\b",
    ),
    # Every date told is a promise that is kept or missed in the ledger; a date in a template is neither.
    _rule(
        "a date or a span that no promise stands behind; say {{ date }}",
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


def faults_in(words: str) -> list[str]:
    """Why these words of a template may not be sent, with the words to blame; empty when they may."""
    return [f"'{found[0]}': {rule.why}" for rule in RULES if (found := rule.words.search(words))]
