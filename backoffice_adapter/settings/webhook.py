"""How a back office that tells us of changes by itself proves who it is."""

from typing import Annotated, Literal

from pydantic import Field

from backoffice_adapter.settings.values import Part


class WebhookConfig(Part):
    """`POST /webhooks/backoffice/{name}`. The vendor documents no proof, so how it is given is said here.

    `secret_envs` name the environment variables of the secrets that are taken: one, and two while one is exchanged.
    `secret` wants one of them in `header`; `signature` wants the HMAC-SHA256 of the body there, after `prefix`.
    `claim_at` is where in the body the claim lies, such as `payload.claim`; `.` is the body itself.
    """

    proof: Literal["secret", "signature"] = "secret"
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,60}$")] = "X-Webhook-Secret"
    secret_envs: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    claim_at: Annotated[str, Field(pattern=r"^(\.|[^.\s]+(\.[^.\s]+)*)$")] = "."
