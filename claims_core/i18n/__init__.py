"""Two languages: the catalogue of words, and how dates, sums and numbers are written in each."""

from claims_core.i18n.catalogue import LANGUAGES, Translations, language_or_default, marked, translated, translations
from claims_core.i18n.dates import (
    day_month,
    format_date,
    format_relative,
    format_time,
    month_and_year,
    short_date,
    weekday,
    zone_city,
)
from claims_core.i18n.figures import (
    MINUS,
    currency_symbol,
    decimal,
    format_claim_number,
    last4,
    masked_account,
    masked_phone,
    money,
    money_in_words,
    short_money,
)

__all__ = [
    "LANGUAGES",
    "MINUS",
    "Translations",
    "currency_symbol",
    "day_month",
    "decimal",
    "format_claim_number",
    "format_date",
    "format_relative",
    "format_time",
    "language_or_default",
    "last4",
    "marked",
    "masked_account",
    "masked_phone",
    "money",
    "money_in_words",
    "month_and_year",
    "short_date",
    "short_money",
    "translated",
    "translations",
    "weekday",
    "zone_city",
]
