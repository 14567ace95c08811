"""The keys of `http:`."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, NewType

from msgspec import Meta, Struct

from probe.model.network import Network
from probe.model.template import Text, Texts, Value
from probe.steps.auth import Auth
from probe.steps.base import ActionError
from probe.steps.url import reject_url

Follow = NewType("Follow", int)
"""How many redirects to follow; 0 (written `false`) looks at the redirect itself."""


class Json(Struct, frozen=True):
    """A JSON body, which may be null."""

    value: Value


METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


class Action(Struct, frozen=True, dict=True):
    get: Annotated[Text | None, Meta(description="GET this URL.")] = None
    post: Annotated[Text | None, Meta(description="POST to this URL.")] = None
    put: Annotated[Text | None, Meta(description="PUT to this URL.")] = None
    patch: Annotated[Text | None, Meta(description="PATCH this URL.")] = None
    delete: Annotated[Text | None, Meta(description="DELETE this URL.")] = None
    head: Annotated[Text | None, Meta(description="HEAD of this URL.")] = None
    options: Annotated[Text | None, Meta(description="OPTIONS of this URL.")] = None
    method: Annotated[Text | None, Meta(description="Any other method, together with url.")] = None
    url: Annotated[Text | None, Meta(description="The URL, together with method.")] = None
    params: Annotated[
        Mapping[str, Texts], Meta(description="Query parameters added to the URL; a list repeats one.")
    ] = {}
    headers: Annotated[Mapping[str, Text], Meta(description="Request headers.")] = {}
    form: Annotated[Mapping[str, Texts] | None, Meta(description="Form fields, sent URL-encoded.")] = None
    json: Annotated[Json | None, Meta(description="A value sent as JSON.")] = None
    body: Annotated[Text | None, Meta(description="A text sent as it is.")] = None
    follow: Annotated[
        Follow, Meta(description="Follow up to this many redirects; false (the default) follows none.")
    ] = Follow(0)
    network: Annotated[
        Network | None, Meta(description="How this request gets to its target, before what the journey says.")
    ] = None

    all_addresses: Annotated[
        bool,
        Meta(description="Ask every address the name resolves to, one after the other; each must pass. Reads only."),
    ] = False
    auth: Annotated[Auth | None, Meta(description="As whom: basic, bearer, digest or oauth2.")] = None

    def __post_init__(self) -> None:
        given = [name for name in METHODS if getattr(self, name) is not None]
        if self.method is not None or self.url is not None:
            given.append("method" if self.method is not None else "url")
            if self.method is None or self.url is None:
                raise ActionError("method and url go together", "or write get: URL, post: URL, …", given[-1])
        if not given:
            raise ActionError("the request has no URL", "write get: URL, post: URL, …")
        if len(given) > 1:
            raise ActionError(
                f"expected one request, got {given[0]} and {given[1]}", "make two steps of them", given[1]
            )
        bodies = [name for name in ("form", "json", "body") if getattr(self, name) is not None]
        if len(bodies) > 1:
            raise ActionError(f"expected one body, got {bodies[0]} and {bodies[1]}", "leave one out", bodies[1])
        if self.auth is not None and any(name.lower() == "authorization" for name in self.headers):
            raise ActionError("auth writes the Authorization header itself", "leave one of the two out", "auth")
        reject_url(self.target[1], given[0])

    @cached_property
    def target(self) -> tuple[str | Text, Text]:
        """The method and the URL."""
        if self.method is not None and self.url is not None:
            return self.method, self.url
        return next((name.upper(), url) for name in METHODS if isinstance(url := getattr(self, name), Text))
