"""How far back a page looks."""

from collections.abc import Mapping

from msgspec import Struct

from probe.model.duration import NANOSECONDS

_M, _H, _D = (NANOSECONDS[unit] for unit in ("m", "h", "d"))


class Window(Struct, frozen=True):
    """`bin_ns` is the finest time a trend of this window tells apart."""

    name: str
    length_ns: int
    bin_ns: int
    words: str


WINDOWS: Mapping[str, Window] = {
    window.name: window
    for window in (
        Window("15m", 15 * _M, _M // 6, "15 minutes"),
        Window("1h", _H, _M, "hour"),
        Window("6h", 6 * _H, 5 * _M, "6 hours"),
        Window("24h", 24 * _H, 15 * _M, "24 hours"),
        Window("7d", 7 * _D, 2 * _H, "7 days"),
    )
}
DEFAULT = WINDOWS["1h"]


def wide_enough(window: Window, length_ns: int) -> Window:
    """The given one, or the shortest that is that long; the longest when none is."""
    longer = [one for one in WINDOWS.values() if one.length_ns >= max(length_ns, window.length_ns)]
    return longer[0] if longer else [*WINDOWS.values()][-1]


class Span(Struct, frozen=True):
    """The part of time a page shows, in nanoseconds since the Unix epoch; it ends when the page was made."""

    window: Window
    until_ns: int

    @property
    def since_ns(self) -> int:
        return self.until_ns - self.window.length_ns

    def percent(self, at_ns: float) -> float:
        """How far into the span an instant lies, held within it."""
        share = (at_ns - self.since_ns) / self.window.length_ns
        return round(100 * min(1.0, max(0.0, share)), 3)
