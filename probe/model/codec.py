"""The Run as JSON: one line per run, readable by this version's schema and the one before and after it."""

import msgspec

from probe.model.result import SCHEMA, Run

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Run)


def encode_run(run: Run) -> bytes:
    return _encoder.encode(run)


def decode_run(data: bytes) -> Run:
    """The Run in `data`; ValueError says why it is none, or of which schema it is."""
    run = _decoder.decode(data)
    if abs(run.schema - SCHEMA) > 1:
        raise ValueError(f"this Run record has schema {run.schema}; schemas {SCHEMA - 1} to {SCHEMA + 1} can be read")
    return run
