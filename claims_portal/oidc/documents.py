"""What a provider publishes of itself: where its doors are (OpenID Connect Discovery 1.0) and its keys (RFC 7517)."""

import ssl
from collections.abc import Mapping
from typing import Annotated, Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet
from pydantic import AfterValidator, BaseModel, ValidationError

from claims_core.errors import Misconfigured
from claims_portal.oidc.problems import ProviderAway
from claims_portal.oidc_settings import secure_address

Endpoint = Annotated[str, AfterValidator(secure_address)]
# A key of another kind (`oct`) would be a shared secret, and nothing published is one.
_PAIRS = ("RSA", "EC")


class Discovered(BaseModel):
    """The part of the discovery document that we go by."""

    issuer: str
    authorization_endpoint: Endpoint
    token_endpoint: Endpoint
    jwks_uri: Endpoint
    userinfo_endpoint: Endpoint | None = None
    end_session_endpoint: Endpoint | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False

    @property
    def auth_method(self) -> str:
        """How our secret is shown: in the header unless only a form is taken."""
        methods = self.token_endpoint_auth_methods_supported
        form = "client_secret_post"
        return form if form in methods and "client_secret_basic" not in methods else "client_secret_basic"


def discovered(document: Mapping[str, Any], issuer: str) -> Discovered:
    """The document, if it is `issuer`'s own, letter by letter. Raises `ProviderAway` saying what is wrong with it."""
    try:
        known = Discovered.model_validate(document)
    except ValidationError as error:
        wrong = ", ".join(str(fault["loc"][0]) for fault in error.errors())
        raise ProviderAway(f"the discovery document cannot be used: {wrong}") from None
    if known.issuer != issuer:
        raise ProviderAway(f"the discovery document is of {known.issuer[:200]!r}, and OIDC_ISSUER is {issuer!r}")
    return known


def key_set(document: Mapping[str, Any]) -> KeySet:
    """The public keys to check signatures with; keys of other kinds are passed over. Raises `ProviderAway` for none."""
    published = document.get("keys")
    keys = []
    for each in published if isinstance(published, list) else []:
        if isinstance(each, Mapping) and each.get("kty") in _PAIRS and each.get("use") in (None, "sig"):
            try:
                keys.append(JWKRegistry.import_key(dict(each)))
            except (JoseError, ValueError, TypeError):  # one that we cannot read signs nothing that we believe
                continue
    if not keys:
        raise ProviderAway("the provider publishes no key to check signatures with")
    return KeySet(keys)


def certificates(ca_file: str | None) -> ssl.SSLContext:
    """Whom we take for the provider: the machine's own certificates, and those of `ca_file`. Raises `Misconfigured`."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ValueError):
            raise Misconfigured(f"OIDC_CA_FILE {ca_file} is no file with certificates (PEM)") from None
    return context
