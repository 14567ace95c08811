"""The keys of `auth:`, as whom a request is made."""

from typing import Annotated

from msgspec import Meta, Struct

from probe.model.template import Text
from probe.steps.base import ActionError
from probe.steps.url import reject_url

Credential = Annotated[Text, "a secret: never written out"]

SCHEMES = ("basic", "bearer", "digest", "oauth2")


class Login(Struct, frozen=True):
    user: Annotated[Text, Meta(description="The user's name.")]
    password: Annotated[Credential, Meta(description="The password: a secret's name, ${password}.")]


class OAuth2(Struct, frozen=True):
    """RFC 6749: client credentials (§4.4), or a refresh token where there is one (§6)."""

    token_url: Annotated[Text, Meta(description="Where tokens are fetched.")]
    client_id: Annotated[Text, Meta(description="As whom.")]
    client_secret: Annotated[Credential, Meta(description="The client's secret: a secret's name, ${secret}.")]
    scope: Annotated[Text | None, Meta(description="What the token is to allow; several are parted by blanks.")] = None
    refresh_token: Annotated[
        Credential | None, Meta(description="Fetch tokens with this one, in place of client credentials.")
    ] = None
    audience: Annotated[Text | None, Meta(description="Whom the token is for, where the server wants to know.")] = None

    def __post_init__(self) -> None:
        reject_url(self.token_url, "token_url")


class Auth(Struct, frozen=True):
    basic: Annotated[Login | None, Meta(description="User and password with every request (RFC 7617).")] = None
    bearer: Annotated[Credential | None, Meta(description="A token with every request (RFC 6750).")] = None
    digest: Annotated[
        Login | None, Meta(description="User and password that never leave the agent (RFC 7616): MD5, SHA-256.")
    ] = None
    oauth2: Annotated[
        OAuth2 | None, Meta(description="A token that is fetched, kept until shortly before it expires, and shared.")
    ] = None

    def __post_init__(self) -> None:
        given = [name for name in SCHEMES if getattr(self, name) is not None]
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise ActionError(f"expected one of {', '.join(SCHEMES)}, got {got}", "", given[1] if given[1:] else None)
