from probe.export import hub, jsonl
from probe.export.base import Exporter

EXPORTERS: dict[str, Exporter] = {
    "hub": hub,
    "jsonl": jsonl,
}
