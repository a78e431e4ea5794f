"""How sums, telephone and claim numbers are written (`ux`, 1.6)."""

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_decimal, get_currency_name, get_currency_symbol

NBSP, MINUS = "\u00a0", "\u2212"


@lru_cache
def currency_symbol(currency: str) -> str:
    """`₽`, `$`: the sign of a currency, the same in both languages."""
    return str(get_currency_symbol(currency, locale="ru" if currency == "RUB" else "en"))


def _grouped(amount: Decimal, language: str) -> str:
    whole = amount == amount.to_integral_value()
    text = f"{abs(amount):,.{0 if whole else 2}f}"
    return text.replace(",", " ").replace(".", ",") if language == "ru" else text


def decimal(value: float, language: str, *, digits: int = 1, signed: bool = False) -> str:
    """A number with at most so many decimals: `40.7`, `40,7`; signed with a real minus or a plus: `+0.6`, `−13`."""
    rounded = round(value, digits)
    text = str(format_decimal(abs(rounded), format="#,##0." + "#" * digits, locale=language))
    return f"{MINUS if rounded < 0 else '+' if signed and rounded > 0 else ''}{text}"


def money(amount: Decimal, currency: str, language: str) -> str:
    """A sum on a page: `184,300 ₽`, `184 300 ₽`, `$1,200`, with a real minus and no-break spaces."""
    sign = f"{MINUS}{NBSP}" if amount < 0 else ""
    if language == "en" and currency != "RUB":
        return f"{sign}{currency_symbol(currency)}{_grouped(amount, language)}"
    return f"{sign}{_grouped(amount, language)} {currency_symbol(currency)}".replace(" ", NBSP)


def short_money(amount: Decimal, currency: str, language: str) -> str:
    """A sum in an SMS: `RUB 184,300` (₽ is outside the 160-character alphabet), `184 300 ₽`."""
    sign = "-" if amount < 0 else ""
    if language == "ru":
        return f"{sign}{_grouped(amount, language)} {currency_symbol(currency)}"
    return f"{currency} {sign}{_grouped(amount, language)}"


def money_in_words(amount: Decimal, currency: str, language: str) -> str:
    """A sum as it is said aloud: `184300 Russian rubles`, `184300 российских рублей`."""
    sign = "-" if amount < 0 else ""
    figures = _grouped(amount, language).replace(NBSP, "").replace(" ", "")
    figures = figures.replace(",", "") if language != "ru" else figures
    return f"{sign}{figures} {get_currency_name(currency, count=amount, locale=language)}"


def masked_phone(address: str) -> str:
    """`+7 912 ···· 45-67` from E.164: enough for the owner to know it, too little for a stranger to dial it."""
    digits = address.lstrip("+")
    head = digits[:-10] or digits[:1]
    rest = digits[len(head) :]
    return f"+{head} {rest[:3]} ···· {rest[-4:-2]}-{rest[-2:]}".replace(" ", NBSP)


def masked_account(end: str) -> str:
    """`•••• 4821` from the last digits of an account."""
    return f"••••{NBSP}{end}"


def last4(number: str) -> str:
    """The last four letters or digits of a claim number: all that a message or the glance may say."""
    return "".join(sign for sign in number if sign.isalnum())[-4:]


def format_claim_number(number: str) -> str:
    """A claim number as it is printed, kept on one line."""
    return number.replace(" ", NBSP).replace("-", "\u2011")
