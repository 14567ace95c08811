import time
from collections.abc import Callable
from ssl import SSLObject

from probe.model.timing import PHASES, Clock, Phase
from probe.wire.tcp_info import TcpInfo
from probe.wire.transport import Traffic

_STEP_NS = 500_000
"""A wall clock that moved by more than this against the run's own was set, and says nothing of how old a stamp is."""
_TOGETHER_NS = 10_000
"""Two clocks read within this time were read at once; else the process was interrupted in between."""
_LATE_NS = 200_000
"""Python that looked this soon after the last of several segments has hardly missed the first, unless it was late."""
_FLIGHT = 10
"""Segments a server sends at once, at first (RFC 6928); more of them waited one for another, and for Python."""
_LONG_CALL_NS = 100_000
"""What is handed to the kernel leaves within the call; where in it is not known."""
_HOLDING_NS = 1_000_000
"""What waited longer than this for Python may have filled the receive window, so that the peer had to wait."""
_LEAST_WINDOW = 8 * 1024
"""No window is filled by less."""


def address_of(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _nothing() -> TcpInfo | None:
    return None


def _unbroken() -> Exception | None:
    return None


class Marks:
    """The instants of one exchange, in nanoseconds of `clock`, and what they say of its phases.

    Connecting phases are begun and ended; sending and receiving are told byte by byte, and what lies between follows.
    An instant of the wire is the kernel's stamp where there is one: it counts nanoseconds of the wall clock, `wall`,
    and is brought to `clock` by its age.
    """

    def __init__(self, clock: Callable[[], int], wall: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._wall = wall
        self.started_ns, wall_ns = self._both_clocks()
        self._ahead_ns = wall_ns - self.started_ns
        self.ended_ns: int | None = None
        self.ended_in = Phase.OTHER
        """The phase the exchange was in when it ended: where a time-out struck."""
        self.reused, self.remote = False, ""
        self.resolver = ""
        """Who was asked for the addresses of the name."""
        self.tls: SSLObject | None = None
        """The connection's, when it was made for this exchange."""
        self.traffic = Traffic()
        """What the connection carried for this exchange, once it is finished."""
        self._traffic: Callable[[], Traffic] = Traffic
        self._traffic_before = Traffic()
        self.towards = ""
        """Whom this machine connects to when that is not the URL's own host and port."""
        self.received_bytes = 0
        self._call_doubt_ns = self._split_doubt_ns = self.held_up_ns = 0
        self.holding = False
        """Whether bytes of the request wait for the peer to take what is on its way."""
        self.ask_kernel = _nothing
        """What the kernel knows of the connection, once there is one."""
        self.lost_by: Callable[[], Exception | None] = _unbroken
        """What the connection was lost by, when it was, and not as HTTP goes."""
        self.rtt_ns: int | None = None
        self.min_rtt_ns: int | None = None
        self.retransmits: int | None = None
        self.delivery_rate: int | None = None
        self._retransmits_before = 0
        self._segments_before = 0
        self._known: TcpInfo | None = None
        """What the kernel said since the latest arrival."""
        self._stamp_ns: int | None = None
        self._read_at = self.started_ns, 0
        self._backlog = 0
        self._backlog_late_ns = 0
        self._stamped = self._unstamped = False
        self._done: dict[Phase, int] = {}
        self._to_proxy_ns: int | None = None
        self._listens, self._awaited, self._closed_ns = False, True, 0  # and when the latest phase of connecting ended
        self._open: tuple[Phase, int] | None = None
        self._send_started: int | None = None
        self._send_ended = 0
        self._sending: int | None = None
        self._begun: int | None = None
        """When what may be the answer began to arrive."""
        self._first_byte: int | None = None
        self._last_byte = 0

    @property
    def sent(self) -> bool:
        """Whether a byte of the request may have left."""
        return self._send_started is not None and not self._listens

    @property
    def uncertain_ns(self) -> int:
        """By how much at most a boundary may be off; the phases on its two sides are right together."""
        return max(self._call_doubt_ns, self._split_doubt_ns)

    @property
    def clock(self) -> Clock:
        """The kernel's when every instant the wire decided was its own."""
        return Clock.KERNEL if self._stamped and not self._unstamped else Clock.USER

    @property
    def waiting_in(self) -> Phase:
        """The phase the exchange is in now."""
        if self._open is not None:
            return self._open[0]
        if self._first_byte is not None:
            return Phase.TRANSFER
        if self._send_started is None:
            return Phase.OTHER
        return Phase.SEND if self.holding else Phase.PROCESSING

    def now(self) -> int:
        return self._clock()

    def count(self, traffic: Callable[[], Traffic]) -> None:
        """Of a connection that was reused, only what it carries from now on is this exchange's."""
        self._traffic = traffic
        if self.reused:
            self._traffic_before = traffic()

    def begin(self, phase: Phase) -> None:
        """Ends the phase before, if it did not end well: the next address of a name is tried when one fails."""
        now = self._clock()
        self._close_at(now)
        self._open = (phase, now)

    def end(self, instant: int | None = None, since: int | None = None) -> None:
        """Now, or at the earlier instant that is known better; it began at `since`, if that is known too."""
        if self._open is not None and since is not None:
            self._open = self._open[0], since
        self._close_at(self._clock() if instant is None else instant)

    def tunnelling(self) -> None:
        """A proxy is connected to, and asked to connect to the target: that is connecting too."""
        self._to_proxy_ns = self._done.get(Phase.CONNECT, 0)
        self.begin(Phase.CONNECT)

    def connected(self, attempted_ns: int, info: TcpInfo | None) -> None:
        """The handshake of TCP that was begun at `attempted_ns` is over: after a round trip, as the kernel measured it.

        It measures nothing after a lost SYN; then, and where there is no `info`, it ended when Python heard of it.
        """
        now = self._clock()
        if info is None or info.retransmits or not info.rtt_ns:
            self._unstamped = True
            self._close_at(now)
        else:
            self._stamped = True
            self._close_at(min(attempted_ns + info.rtt_ns, now))

    def arrived(self, stamp_ns: int | None, count: int = 1) -> None:
        """So many bytes were read, of which the kernel stamped the last segment; what they are will be told."""
        self._stamp_ns, self._read_at, self._known = stamp_ns, self._both_clocks(), None
        if self._send_started is not None and (at := self._kernel_instant(self._send_started)) is not None:
            self._doubt_window(self._read_at[0] - at, count)

    def begun(self) -> None:
        """What arrived begins what may be the answer: a record of TLS can be read only when it is whole."""
        if self._send_started is not None and self._first_byte is None and self._begun is None:
            self._begun = self._arrival(self._send_started)
            self._doubt_split(self._begun)

    def void(self) -> None:
        """What had begun was no answer."""
        if self._first_byte is None:
            self._begun, self._split_doubt_ns = None, 0

    def answered(self) -> None:
        """What arrived was the peer's part of a handshake; what is made of it is our time."""
        if self._open is not None:
            self._close_at(self._arrival(self._open[1]))

    def quiet(self) -> None:
        """What arrived held no byte of an answer: TLS has messages of its own."""
        info = self.ask_kernel()
        if info is not None and not info.unread and self._first_byte is None:
            self._segments_before = info.segments_in

    def handing_over(self) -> None:
        """A flight of a handshake is about to be given to the kernel."""
        self.answered()
        self.begin(Phase.TLS)

    def handed_over(self) -> None:
        if self._open is not None:
            phase, since = self._open
            self._open = phase, self._left(since)

    def sending(self) -> None:
        if self._send_started is not None:
            self._sending = self._clock()
            return
        info = self.ask_kernel()
        if info is not None:
            self._retransmits_before = info.retransmits if self.reused else 0
            self._segments_before = info.segments_in - bool(info.unread)
        self._send_started = self._send_ended = self._sending = self._clock()

    def listening(self) -> None:
        """Nothing is sent: the peer speaks first, from the moment there is a connection on."""
        self._listens = True
        self._send_started = self._send_ended = self._closed_ns

    def sent_some(self) -> None:
        """What is sent after the answer began does not hold it up, and counts no more."""
        if self._first_byte is None:
            self._send_ended = self._clock() if self._sending is None else self._left(self._sending)
            self._sending = None

    def received(self, count: int) -> None:
        """Bytes of the answer were in what arrived."""
        if self._send_started is None:
            return  # whatever that is, it is no answer to this request
        self.received_bytes += count
        at_once = self._first_byte is None and self._begun is None
        if self._first_byte is None:
            self.begun()
            self._first_byte = self._last_byte = self._begun or self._send_started
            self._send_ended = min(self._send_ended, self._first_byte)
        if not at_once:
            self._last_byte = self._arrival(self._last_byte)

    def finish(self, *, complete: bool, awaited: bool = True) -> None:
        """The exchange is over: with its last byte when it is complete, now when it was cut short.

        Where no answer was `awaited`, its last byte is the last that was sent, or its end that of connecting.
        """
        self._unstamped = self._unstamped or not complete
        self._awaited = awaited or not complete
        if not self._awaited:
            self.ended_ns = self._send_ended or self._closed_ns
        else:
            self.ended_ns = self._last_byte if complete and self._first_byte is not None else self._clock()
        self.ended_in = self.waiting_in
        self._close_at(self.ended_ns)
        info, self.ask_kernel = self._known or self.ask_kernel(), _nothing
        self.lost_by = _unbroken  # the connection knows these marks: without the circle a run is freed when it is over
        if info is not None:
            self.rtt_ns, self.min_rtt_ns = info.rtt_ns or None, info.min_rtt_ns
            self.retransmits = info.retransmits - self._retransmits_before
            self.delivery_rate = info.delivery_rate
        self.traffic, self._traffic = _difference(self._traffic(), self._traffic_before), Traffic

    @property
    def duration_ns(self) -> int:
        assert self.ended_ns is not None, "the exchange is not finished"
        return self.ended_ns - self.started_ns

    @property
    def tunnel_ns(self) -> int:
        """Of connecting: the proxy's part after it was connected to itself."""
        return 0 if self._to_proxy_ns is None else self._done.get(Phase.CONNECT, 0) - self._to_proxy_ns

    def phases(self) -> dict[Phase, int]:
        """Nanoseconds by phase, in order; they sum up to the duration, and what was not reached is absent."""
        assert self.ended_ns is not None, "the exchange is not finished"
        phases = dict(self._done)
        if self._send_started is not None:
            answered = self.ended_ns if self._first_byte is None else self._first_byte
            unsent = self.ended_in is Phase.SEND
            if not self._listens:
                phases[Phase.SEND] = (answered if unsent else self._send_ended) - self._send_started
            if self._awaited and not unsent:
                phases[Phase.PROCESSING] = answered - self._send_ended
        if self._first_byte is not None:
            phases[Phase.TRANSFER] = self.ended_ns - self._first_byte
        phases[Phase.OTHER] = self.duration_ns - sum(phases.values())
        return {phase: phases[phase] for phase in PHASES if phase in phases}

    def _left(self, handed_ns: int) -> int:
        """When bytes left that were handed to the kernel from then till now: in the middle, as near as can be told."""
        half_ns = (self._clock() - handed_ns) // 2
        if half_ns >= _LONG_CALL_NS // 2:
            self._call_doubt_ns = max(self._call_doubt_ns, half_ns)
        return handed_ns + half_ns

    def _close_at(self, instant: int) -> None:
        if self._open is not None:
            phase, since = self._open
            self._done[phase] = self._done.get(phase, 0) + instant - since
            self._closed_ns = instant
            self._open = None

    def _arrival(self, floor_ns: int) -> int:
        """When the kernel got what arrived; when it was read, if no stamp can be right. Never before `floor_ns`."""
        at = self._kernel_instant(floor_ns)
        if at is not None:
            self._stamped = True
            return max(at, floor_ns)
        self._unstamped = True
        return self._clock() if self._stamp_ns is None else max(self._read_at[0], floor_ns)

    def _kernel_instant(self, floor_ns: int) -> int | None:
        """Of what arrived; None when no stamp can be right: the wall clock was set, or it says before `floor_ns`."""
        if self._stamp_ns is None:
            return None
        now, wall = self._read_at
        at = now - (wall - self._stamp_ns)
        stepped = abs(wall - now - self._ahead_ns) > _STEP_NS
        return None if stepped or not floor_ns - _STEP_NS <= at <= now else at

    def _both_clocks(self) -> tuple[int, int]:
        """Both clocks at one instant: ours and the wall's."""
        for _ in range(3):
            before, wall, after = self._clock(), self._wall(), self._clock()
            if after - before < _TOGETHER_NS:
                break
        return before, wall

    def _doubt_split(self, first_byte: int) -> None:
        """Whether the answer began earlier: the stamp of several segments is that of the last one.

        It did not begin before a round trip after the request.
        """
        info = self._known = self.ask_kernel()
        segments = 0 if info is None else info.segments_in - self._segments_before
        if info is None or segments <= 1:
            return
        longest_ns = max(first_byte - self._send_ended - (info.min_rtt_ns or 0), 0)
        late = self._read_at[0] - first_byte >= _LATE_NS or segments > _FLIGHT
        self._split_doubt_ns = longest_ns if late else min(longest_ns, _LATE_NS)

    def _doubt_window(self, late_ns: int, count: int) -> None:
        """Whether what waited for us left the peer no room to send."""
        if late_ns < _HOLDING_NS:
            self._backlog = self._backlog_late_ns = 0
            return
        self._backlog += count
        self._backlog_late_ns = max(self._backlog_late_ns, late_ns)
        if self._backlog < _LEAST_WINDOW // 2 or (info := self.ask_kernel()) is None:
            return
        if self._backlog >= info.window // 2:
            self.held_up_ns = max(self.held_up_ns, self._backlog_late_ns)


def _difference(now: Traffic, before: Traffic) -> Traffic:
    sent = None if now.sent is None else now.sent - (before.sent or 0)
    received = None if now.received is None else now.received - (before.received or 0)
    return Traffic(now.written - before.written, sent, received)
