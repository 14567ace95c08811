"""The keys of `http:`."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, NewType

from msgspec import Meta, Struct

from probe.model.file import File
from probe.model.network import Network
from probe.model.observation import MAX_BODY
from probe.model.size import Size
from probe.model.template import Text, Texts, Value
from probe.steps.auth import Auth
from probe.steps.base import ActionError
from probe.steps.http_graphql import Graphql
from probe.steps.http_multipart import Parts
from probe.steps.url import reject_url

Follow = NewType("Follow", int)
"""How many redirects to follow; 0 (written `false`) looks at the redirect itself."""


class Json(Struct, frozen=True):
    """A JSON body, which may be null."""

    value: Value


METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
BODIES = ("form", "json", "graphql", "multipart", "file", "body")


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
    headers: Annotated[Mapping[str, Texts], Meta(description="Request headers; a list repeats one.")] = {}
    headers_exact: Annotated[
        bool, Meta(description="Send exactly these headers, in this order and spelling, and add none of our own.")
    ] = False
    form: Annotated[Mapping[str, Texts] | None, Meta(description="Form fields, sent URL-encoded.")] = None
    json: Annotated[Json | None, Meta(description="A value sent as JSON.")] = None
    graphql: Annotated[
        Graphql | None, Meta(description="A GraphQL query sent as JSON; `errors` in the answer fail the step.")
    ] = None
    multipart: Annotated[
        Mapping[str, Parts] | None, Meta(description="Fields and files in one form; a list repeats a field.")
    ] = None
    file: Annotated[File | None, Meta(description="A file sent as it is, relative to the journey's own.")] = None
    body: Annotated[Text | None, Meta(description="A text sent as it is.")] = None
    chunked: Annotated[bool, Meta(description="Send the body with Transfer-Encoding: chunked.")] = False
    max_body: Annotated[
        Size, Meta(description="How much of the answer's body is kept (10MiB unless said); the rest is only hashed.")
    ] = MAX_BODY
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
        self._expect_one_request()
        self._expect_one_body()
        lower = [name.lower() for name in self.headers]
        if len(set(lower)) < len(lower):
            raise ActionError("a header is written twice, in capitals and not", "a list repeats one", "headers")
        if self.auth is not None and "authorization" in lower:
            raise ActionError("auth writes the Authorization header itself", "leave one of the two out", "auth")

    def _expect_one_request(self) -> None:
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
        reject_url(self.target[1], given[0])

    def _expect_one_body(self) -> None:
        bodies = [name for name in BODIES if getattr(self, name) is not None]
        if len(bodies) > 1:
            raise ActionError(f"expected one body, got {bodies[0]} and {bodies[1]}", "leave one out", bodies[1])
        if self.chunked and not bodies:
            raise ActionError("chunked: there is no body to send in chunks", f"one of {', '.join(BODIES)}", "chunked")

    @cached_property
    def target(self) -> tuple[str | Text, Text]:
        """The method and the URL."""
        if self.method is not None and self.url is not None:
            return self.method, self.url
        return next((name.upper(), url) for name in METHODS if isinstance(url := getattr(self, name), Text))
