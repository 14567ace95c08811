"""Where TLS records begin and end, without a look into them (RFC 8446 §5.1, RFC 5246 §6.2.1)."""

_HEADER_BYTES = 5
"""A type, two bytes of version, two of length."""


class Records:
    """Goes over the bytes of one direction as they come."""

    def __init__(self) -> None:
        self._header = b""
        self._missing = 0

    @property
    def open(self) -> bool:
        """Whether the last record has begun and is not whole."""
        return bool(self._header or self._missing)

    def follow(self, data: bytes) -> int:
        """How many of these bytes belong to a record that had begun before them."""
        belonging = len(data) if self.open else 0
        awaited, at = self.open, 0
        while at < len(data):
            at = self._step(data, at)
            if awaited and not self.open:
                belonging, awaited = at, False
        return belonging

    def _step(self, data: bytes, at: int) -> int:
        """To the end of the header, or of the record."""
        if not self._missing:
            part = data[at : at + _HEADER_BYTES - len(self._header)]
            self._header += part
            if len(self._header) == _HEADER_BYTES:
                self._missing, self._header = int.from_bytes(self._header[3:], "big"), b""
            return at + len(part)
        taken = min(self._missing, len(data) - at)
        self._missing -= taken
        return at + taken
