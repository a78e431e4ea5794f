"""A back office behind HTTP and JSON, described and not programmed."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backoffice_adapter.settings.values import Address, Part, SourceConfig, Span
from claims_core.settings import Zone

AddressPath = Annotated[str, Field(pattern=r"^/[^?#\s]*$")]


class RestAuth(Part):
    """Who we are. Secrets stand in the environment variables named here; `header` sends one in a header of its own."""

    kind: Literal["none", "basic", "bearer", "header", "oauth2"] = "none"
    login_env: str | None = None
    secret_env: str | None = None
    header: str | None = None
    token_url: Address | None = None
    scope: str | None = None
    token_auth: Literal["basic", "body"] = "basic"  # noqa: S105 - a way, not a secret

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        needed = {
            "basic": ("login_env", "secret_env"),
            "bearer": ("secret_env",),
            "header": ("header", "secret_env"),
            "oauth2": ("token_url", "login_env", "secret_env"),
        }
        missing = [key for key in needed.get(self.kind, ()) if getattr(self, key) is None]
        if missing:
            raise ValueError(f"'{self.kind}' needs {', '.join(missing)}")
        return self


class RestPaging(Part):
    """How the next page is asked for. `next`, `total` and `count` are paths into the answer.

    `total` says how many cases there are and `count` how many are in this page: what is named is checked.
    """

    kind: Literal["none", "offset", "page", "cursor", "link_header", "body_link"] = "none"
    param: str | None = None
    first: int = 1
    size: Annotated[int, Field(ge=1, le=100_000)] = 100
    size_param: str | None = None
    next: str | None = None
    total: str | None = None
    count: str | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.kind in ("offset", "page", "cursor") and self.param is None:
            raise ValueError(f"'{self.kind}' needs param: the name of the parameter that chooses the page")
        if self.kind in ("cursor", "body_link") and self.next is None:
            raise ValueError(f"'{self.kind}' needs next: where the answer says how to go on")
        return self


class RestSince(Part):
    """How only what changed is asked for: the parameter, and the path of the time of change in a case.

    `format` is how the time is written: iso, epoch_s, epoch_ms, a pattern of %Y %m %d %H %M %S, or `count` for a number
    that grows. `start` is what the first run asks for where the parameter must not be missing.
    """

    param: str
    field: str
    format: str = "iso"
    time_zone: Zone = "UTC"
    overlap: Span = timedelta(minutes=5)
    overlap_count: Annotated[int, Field(ge=0)] = 1_000
    start: str | None = None


class RestConfig(SourceConfig):
    """A list of cases at `base_url` + `path`. `records` is where in the answer they lie, `.` for the answer itself.

    `one` is the path of one case, with `{ref}` in it, and `one_record` where that answer holds the case. `params` go
    with every call.
    """

    kind: Literal["rest"]
    base_url: Address
    path: AddressPath
    records: str = "."
    ref: str
    version: str | None = None
    one: AddressPath | None = None
    one_record: str = "."
    params: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    auth: RestAuth = RestAuth()
    paging: RestPaging = RestPaging()
    since: RestSince | None = None
    timeout: Span = timedelta(seconds=30)
    tries: Annotated[int, Field(ge=1, le=20)] = 5
    longest_wait: Span = timedelta(minutes=2)
