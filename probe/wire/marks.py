from collections.abc import Callable

from probe.model.timing import Phase


def address_of(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Marks:
    """The instants of one exchange, in nanoseconds of `clock`, and what they say of its phases.

    Connecting phases are begun and ended; sending and receiving are told byte by byte, and what lies between follows.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.started_ns = clock()
        self.ended_ns: int | None = None
        self.ended_in = Phase.OTHER
        """The phase the exchange was in when it ended: where a time-out struck."""
        self.reused = False
        self.remote = ""
        self.received_bytes = 0
        self._done: dict[Phase, int] = {}
        self._open: tuple[Phase, int] | None = None
        self._send_started: int | None = None
        self._send_ended = 0
        self._first_byte: int | None = None
        self._last_byte = 0

    @property
    def sent(self) -> bool:
        """Whether a byte of the request may have left."""
        return self._send_started is not None

    @property
    def waiting_in(self) -> Phase:
        """The phase the exchange is in now."""
        if self._open is not None:
            return self._open[0]
        if self._first_byte is not None:
            return Phase.TRANSFER
        return Phase.PROCESSING if self.sent else Phase.OTHER

    def begin(self, phase: Phase) -> None:
        """Ends the phase before, if it did not end well: the next address of a name is tried when one fails."""
        now = self._clock()
        self._close_at(now)
        self._open = (phase, now)

    def end(self, instant: int | None = None) -> None:
        """Now, or at the earlier instant that is known better."""
        self._close_at(self._clock() if instant is None else instant)

    def sending(self) -> None:
        if self._send_started is None:
            self._send_started = self._send_ended = self._clock()

    def sent_some(self) -> None:
        """What is sent after the answer began does not hold it up, and counts no more."""
        if self._first_byte is None:
            self._send_ended = self._clock()

    def received(self, count: int) -> None:
        if not self.sent:
            return  # whatever that is, it is no answer to this request
        self._last_byte = self._clock()
        self.received_bytes += count
        if self._first_byte is None:
            self._first_byte = self._last_byte

    def finish(self, *, complete: bool) -> None:
        """The exchange is over: with its last byte when it is complete, now when it was cut short."""
        self.ended_ns = self._last_byte if complete and self._first_byte is not None else self._clock()
        self.ended_in = self.waiting_in
        self._close_at(self.ended_ns)

    @property
    def duration_ns(self) -> int:
        assert self.ended_ns is not None, "the exchange is not finished"
        return self.ended_ns - self.started_ns

    def phases(self) -> dict[Phase, int]:
        """Nanoseconds by phase, in order; they sum up to the duration, and what was not reached is absent."""
        assert self.ended_ns is not None, "the exchange is not finished"
        phases = dict(self._done)
        if self._send_started is not None:
            phases[Phase.SEND] = self._send_ended - self._send_started
            answered = self.ended_ns if self._first_byte is None else self._first_byte
            phases[Phase.PROCESSING] = answered - self._send_ended
        if self._first_byte is not None:
            phases[Phase.TRANSFER] = self.ended_ns - self._first_byte
        phases[Phase.OTHER] = self.duration_ns - sum(phases.values())
        return {phase: phases[phase] for phase in Phase if phase in phases}

    def _close_at(self, instant: int) -> None:
        if self._open is not None:
            phase, since = self._open
            self._done[phase] = self._done.get(phase, 0) + instant - since
            self._open = None
