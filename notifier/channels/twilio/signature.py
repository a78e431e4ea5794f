"""Whether a webhook comes from Twilio: signature over the configured address, and our own account."""

import re
from collections.abc import Mapping

from twilio.request_validator import RequestValidator

from notifier.settings import NotifierSettings

MESSAGE_REF = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
CALL_REF = re.compile(r"CA[0-9a-fA-F]{32}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def is_genuine(settings: NotifierSettings, url: str, form: Mapping[str, str], signature: str) -> bool:
    """True if `form` was signed for `url` with one of the live tokens and is about our account.

    `url` is built from the configured public address, never from the request. The signature joins names and values
    without a mark between them, so what we read must be there under its own name.
    """
    if form.get("AccountSid") != settings.twilio_account_sid or not settings.twilio_account_sid:
        return False
    if not all(_NAME.fullmatch(name) for name in form) or "To" not in form:
        return False
    of_message = MESSAGE_REF.fullmatch(form.get("MessageSid", "")) and ("MessageStatus" in form or "Body" in form)
    of_call = CALL_REF.fullmatch(form.get("CallSid", "")) and "CallStatus" in form
    if bool(of_message) is bool(of_call):
        return False
    tokens = (settings.twilio_auth_token, settings.twilio_auth_token_next)
    # Both are tried, whichever fits: the time taken says nothing about which token is live.
    verdicts = [RequestValidator(token.get_secret_value()).validate(url, form, signature) for token in tokens if token]
    return any(verdicts)
