"""Reads the packets of streams, also where the file declares further streams behind its start."""

from collections.abc import Iterator, Sequence

import av.container
import av.packet
import av.stream


def demux(container: av.container.InputContainer, streams: Sequence[av.stream.Stream]) -> Iterator[av.packet.Packet]:
    """Yields the packets of some streams in the order of the file, and an empty one of each at the end.

    PyAV ends with an error at a packet of a stream that the file did not declare when it was opened, as where a
    recording with sound follows one without. Reading goes on behind that packet.
    """
    while True:
        try:
            yield from container.demux(tuple(streams))
        except IndexError:
            continue
        return
