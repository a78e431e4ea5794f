"""All errors we raise on purpose, drawn as a tree. The class says what the caller does next.

ClaimsError
├── BadInput             somebody outside sent what cannot be; say what, where and how to mend it
├── NotFound             there is nothing here for this viewer; the same as another's (404)
├── Conflict             somebody else changed it meanwhile; show both sides
├── Refused              understood, and not allowed now; say why
├── Misconfigured        an operator must mend a setting; the process does not start
├── SourceError          the back office
│   ├── SourceUnavailable    try again later
│   ├── SourceRefused        it said no; never again with the same words
│   └── SourceConflict       its record changed meanwhile; read it again
└── ChannelError         a provider
    ├── TemporaryChannelFailure    nothing was taken; worth another attempt later
    ├── PermanentChannelFailure    never worth another attempt at this address
    └── AmbiguousHandOver          bytes left us and no answer came: a receipt or a look-up decides
"""


class ClaimsError(Exception):
    """Something we foresaw."""


class BadInput(ClaimsError):
    """What came from outside cannot be read; the text says what, where and how to mend it."""


class NotFound(ClaimsError):
    """There is nothing here for this viewer."""


class Conflict(ClaimsError):
    """Somebody else changed it meanwhile."""


class Refused(ClaimsError):
    """Understood, and not allowed now."""


class Misconfigured(ClaimsError):
    """An operator must mend a setting before the process can start."""


class SourceError(ClaimsError):
    """The back office did not do what we asked."""


class SourceUnavailable(SourceError):
    """The back office does not answer now; try again later."""


class SourceRefused(SourceError):
    """The back office said no; never again with the same words."""


class SourceConflict(SourceError):
    """The back office's record changed meanwhile; read it again and let a person decide."""


class ChannelError(ClaimsError):
    """A provider did not take a message. `code` is the provider's own, for the desk and the log."""

    def __init__(self, message: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class TemporaryChannelFailure(ChannelError):
    """Nothing was taken; worth another attempt later, after `retry_after` seconds if it is set."""


class PermanentChannelFailure(ChannelError):
    """Never worth another attempt at this address."""


class AmbiguousHandOver(ChannelError):
    """Bytes left us and no clean answer came back: a receipt or a look-up decides, never a blind resend."""
