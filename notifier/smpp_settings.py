"""What a bind to an SMSC needs to know: the notifier's settings of SMPP."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from claims_core.settings import Surroundings

# SMPP 3.4, 4.1.5: what the fields of a bind hold, without the NUL at their end.
LONGEST_NAME, LONGEST_PASSWORD = 15, 8


class SmppSettings(Surroundings):
    """One bind: where, as whom, with which sender, and how much may be under way at once."""

    # smpp://system_id:password@host:2775, or smpps:// for TLS; no SMS over SMPP without it.
    smpp_url: SecretStr | None = None
    # The sender that people read: a name of up to 11 letters, a number with its plus, or a short code.
    smpp_from: str | None = None
    # Kind and plan of that sender, where the SMSC wants others than those that the sender itself shows.
    smpp_from_ton: Annotated[int, Field(ge=0, le=6)] | None = None
    smpp_from_npi: Annotated[int, Field(ge=0, le=18)] | None = None
    smpp_system_type: Annotated[str, Field(max_length=12)] = ""
    # So many messages at most are under way without an answer; an SMSC refuses more (its "window").
    smpp_window: Annotated[int, Field(ge=1)] = 10
    # What the contract allows; NOTIFIER_RATE_PER_SECOND unless it is set.
    smpp_rate_per_second: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    # After so much silence the SMSC is asked whether it is still there.
    smpp_enquire_after: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(seconds=30)
    # What one part costs over this road; NOTIFIER_SMS_PRICE unless it is set.
    smpp_price: Annotated[Decimal, Field(ge=0)] | None = None

    @field_validator("smpp_url")
    @classmethod
    def _is_an_smsc(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value():
            return None
        smsc = urlsplit(url.get_secret_value())
        if smsc.scheme not in ("smpp", "smpps") or not smsc.hostname or not smsc.username or smsc.port == 0:
            raise ValueError("an SMSC is smpp://system_id:password@host:2775 or smpps://…")
        if len(unquote(smsc.username)) > LONGEST_NAME or len(unquote(smsc.password or "")) > LONGEST_PASSWORD:
            raise ValueError(f"SMPP takes {LONGEST_NAME} characters of system_id and {LONGEST_PASSWORD} of password")
        return url

    @field_validator("smpp_from")
    @classmethod
    def _is_a_sender(cls, sender: str | None) -> str | None:
        if sender and not re.fullmatch(r"\+\d{5,15}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,11}", sender):
            raise ValueError("a sender is a name of up to 11 letters, a number as +79990000000, or a short code")
        return sender or None

    @model_validator(mode="after")
    def _bind_complete(self) -> "SmppSettings":
        if self.smpp_url and not self.smpp_from:
            raise ValueError("SMPP_URL is set: SMPP_FROM must be set too")
        return self
