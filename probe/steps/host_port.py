"""`host:port`, as steps without URLs name their targets."""

from probe.model.address import Address, parse_address
from probe.model.template import Text
from probe.steps.base import ActionError, Performance, script_failure


def reject_host_port(text: Text, key: str) -> None:
    """ActionError when the text is none, as far as that is known before it is rendered."""
    if text.literal is not None:
        try:
            parse_address(text.literal)
        except ValueError:
            message = f"expected host:port, got {text.literal[:80]}"
            raise ActionError(message, "for example shop.example:443, or [::1]:443", key) from None


def host_port(text: Text, performance: Performance) -> Address:
    rendered = performance.text(text)
    try:
        return parse_address(rendered)
    except ValueError:
        raise script_failure(f"expected host:port, got {rendered[:200]}", text.place) from None
