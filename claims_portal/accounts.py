"""Accounts for a payment, with their check digits: a Russian account under its BIC, and an IBAN (pure)."""

from dataclasses import dataclass

from stdnum import iban
from stdnum.exceptions import ValidationError

from claims_core.errors import BadInput
from claims_core.i18n import marked

BIC_WRONG = marked("The bank's BIC has 9 digits and begins with 04. Your bank's app shows it")
NUMBER_LENGTH = marked("The account has 20 digits")
NUMBER_WRONG = marked(
    "The account does not fit the bank: there is a slip in one of the two numbers. Check them digit by digit"
)
IBAN_WRONG = marked("There is a slip in the IBAN. Check it digit by digit")
# What an account is sealed for: nothing else opens it.
SEALED_FOR = "account for a payment"
_WEIGHTS = (7, 1, 3)


@dataclass(frozen=True, slots=True)
class Account:
    """Where money goes: `bic` is of a Russian bank and None with an IBAN. Never printed whole."""

    number: str
    bic: str | None = None

    @property
    def masked(self) -> str:
        """`•••• 4821` (`ux.md` 1.6)."""
        return f"•••• {self.number[-4:]}"


def russian_account(bic: str, number: str) -> Account:
    """The account `number` of the bank `bic`, both as typed. Raises `BadInput` with the words for the reader.

    The key is that of the Bank of Russia's order 515 of 8 September 1997: the last three digits of the BIC and the
    account, weighted 7, 1, 3, must add up to a multiple of ten. A bank's account with the Bank of Russia itself (a BIC
    that ends with 000, 001 or 002) counts with a zero and the fifth and sixth digit instead.
    """
    bank, account = _digits(bic), _digits(number)
    if len(bank) != 9 or not bank.startswith("04"):
        raise BadInput(BIC_WRONG)
    if len(account) != 20:
        raise BadInput(NUMBER_LENGTH)
    begin = f"0{bank[4:6]}" if bank[-3:] in ("000", "001", "002") else bank[-3:]
    added = sum(int(digit) * _WEIGHTS[place % 3] for place, digit in enumerate(begin + account))
    if added % 10:
        raise BadInput(NUMBER_WRONG)
    return Account(account, bank)


def iban_account(number: str) -> Account:
    """The account of an IBAN (ISO 13616: mod 97, and the length and shape of its country). Raises `BadInput`."""
    try:
        return Account(iban.validate(number[:60]))
    except ValidationError:
        raise BadInput(IBAN_WRONG) from None


def _digits(typed: str) -> str:
    """What was typed without blanks and dashes; empty when there is anything else than digits of ours."""
    bare = "".join(sign for sign in typed[:60] if not sign.isspace() and sign not in "-.\u2010\u2011\u2012\u2013")
    return bare if bare.isascii() and bare.isdigit() else ""
