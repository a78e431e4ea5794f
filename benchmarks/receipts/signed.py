"""A report as the provider posts it, signed, and the settings under which it is believed."""

from twilio.request_validator import RequestValidator

ACCOUNT, TOKEN, PUBLIC = "AC" + "0" * 32, "t" * 32, "https://claims.example.org"
SURROUNDINGS = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": "+15550001111"}


def signed(path: str, sid: str, word: str, to: str) -> dict[str, object]:
    """A request of `benchmarks.page.visit`: where, what, and the signature for the public address."""
    form = {
        "SmsSid": sid,
        "SmsStatus": word,
        "MessageStatus": word,
        "To": to,
        "MessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": "+15550001111",
        "ApiVersion": "2010-04-01",
    }
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)
    return {"path": path, "form": form, "headers": {"X-Twilio-Signature": signature}, "answer": 204}
