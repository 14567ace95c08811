"""What docs/accuracy.md says around its tables."""

from bench.accuracy.condition import THINK_S

HEAD = """\
<!-- Written by `make bench-accuracy`; not by hand. -->
# How true the figures are

Each exchange `probe` records is split into phases. This page says how far they are from what was on the wire, by the
time stamps of packets, and how far the figures of other clients are, measured in the same run:
"""
OWN = """\
Error in microseconds: what the record says less what the packets say. Each cell is **the median, with its sign / the
95th / the 99th percentile of the amount**. The phases are judged where the record claims certainty: `clock: kernel`
and neither `uncertain_ns` nor `held_up_ns`. *Together* is the sum of the phases, in which an uncertain boundary
between two of them does not count, over all exchanges."""
UNCERTAIN = """\
The kernel stamps segments, and of several that wait in its queue only the last one's stamp is left. So an answer of
which Python read more than one segment at first has an exact end and an uncertain beginning. The record says so, and
by how much at most: 0.2 ms for ten segments at most that were read at once, else what `processing` has beyond a round
trip. Share of exchanges:"""
PEERS = """\
All exchanges of each client, both sizes, fresh and kept connections together. Each has its own notion of a total;
those of `probe` and aiohttp begin when the request is made, so that the client's own work before the first packet is
in it. In `probe`'s record that work has a name of its own, `other`. CPU is the client's share of one processor."""
FAR = """\
The same through a TUN device that delivers every packet 40 ms later, in both directions, 20 journeys in flight; then
with each connection's first SYN lost, which costs a second. *Said* is the median of what the client says; then come the
errors. After a lost SYN the kernel has no measure of the handshake: Python's clock ends `connect`, and the record says
`clock: user`."""
METHOD = f"""\
## How it is measured

    make bench-accuracy

takes six minutes, as root, and writes this page. tcpdump captures on loopback, with the kernel's stamps in nanoseconds;
`bench/accuracy/` reads its file. A server in another process, on another processor if there are two, takes
{THINK_S * 1000:.0f} ms for each answer. A journey is three requests over one connection, for 1 KB (one segment) and
200 KB (many). The server tells which connection an exchange went over; within it, exchanges go by their order and by
sequence numbers, and over TLS 1.3 by the headers of records.

On the wire, `connect` is from SYN to SYN-ACK; `tls` the server's part of the handshake, from the packet it answers to
its last one; `processing` from the request's last packet to the answer's first; `transfer` from that to the last. On
loopback a packet is sent and received within the client's system call; that is where most of what is left of the error
comes from. `resolve` also has the reading of `/etc/hosts` and the like in it.

pycurl is installed for this measurement alone; where it or curl is absent, its rows are.
"""
