"""Reads which video streams a transport stream declares, and how these change within the file.

The map of a program lists its streams: a packet identifier (PID) and a codec each (ISO/IEC 13818-1, 2.4.4).
"""

import zlib
from collections.abc import Iterator
from mmap import mmap

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.media.transport_packets import transport_packets

# Types of streams, table 2-34 and those that FFmpeg reads; MPEG-1 and MPEG-2 have one decoder.
_CODECS = {
    0x01: "MPEG-2", 0x02: "MPEG-2", 0x10: "MPEG-4", 0x1B: "H.264", 0x21: "JPEG 2000", 0x24: "HEVC", 0x33: "VVC",
    0x42: "AVS", 0xD1: "Dirac", 0xD2: "AVS2", 0xD4: "AVS3", 0xEA: "VC-1",
}  # fmt: skip
_PRIVATE, _REGISTRATION = 0x06, 0x05  # a type, and the descriptor that identifies its codec
_REGISTERED = {b"AV01": "AV1", b"HEVC": "HEVC", b"VVC ": "VVC", b"VC-1": "VC-1", b"drac": "Dirac"}
_PROGRAMS_PID, _PROGRAMS_TABLE, _MAP_TABLE = 0, 0x00, 0x02
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

Streams = dict[int, str]


def video_maps(data: bytes | mmap) -> list[Streams]:
    """Returns the video streams of all programs, PID -> codec, each time that they change, in order of the file."""
    states: list[Streams] = []
    programs = listed_last = frozenset[int]()
    maps: dict[int, Streams] = {}
    buffers: dict[int, bytes] = {}
    for rows in transport_packets(data):
        pids = (rows[:, 1].astype(np.int32) & 0x1F) << 8 | rows[:, 2]
        listed = [_programs(section) for _, section in _sections(rows[pids == _PROGRAMS_PID], {})]
        tables = sorted(programs.union(*listed) | {_PROGRAMS_PID})
        for pid, section in _sections(rows[np.isin(pids, tables)], buffers):
            is_first = pid not in maps
            if pid == _PROGRAMS_PID:
                programs = _programs(section)
            elif section[0] == _MAP_TABLE:
                maps[pid] = _video_streams(section)
            state = {stream: codec for program in programs & maps.keys() for stream, codec in maps[program].items()}
            if state and state not in states[-1:]:
                if is_first and programs == listed_last:  # a further program of those listed, not a change
                    states.pop()
                states.append(state)
                listed_last = programs
    return states


def _sections(rows: UInt8[np.ndarray, "packets 188"], buffers: dict[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """Yields PID and content of the intact tables that are in force; a table may extend over several packets."""
    for row in map(bytes, rows):
        if row[1] & 0x80 or not row[3] & 0x10:  # damaged, or without content
            continue
        pid = (row[1] & 0x1F) << 8 | row[2]
        payload = row[5 + row[4] if row[3] & 0x20 else 4 :]
        if row[1] & 0x40 and payload:  # a table starts in the packet
            buffers[pid] = payload[1 + payload[0] :]
        elif pid in buffers:
            buffers[pid] += payload
        section = buffers.get(pid, b"")
        length = 3 + ((section[1] & 0x0F) << 8 | section[2]) if len(section) > 5 else 1 << 12
        if len(section) >= length:
            section = buffers.pop(pid)[:length]
            if _is_intact(section) and section[5] & 1:
                yield pid, section


def _is_intact(section: bytes) -> bool:
    """Whether the checksum of a table is right: that of `zlib` for the reverse order of bits in each byte."""
    return zlib.crc32(section.translate(_REVERSED_BITS)) == 0xFFFFFFFF


def _programs(section: bytes) -> frozenset[int]:
    """The PIDs of the maps of all programs; number 0 is no program."""
    entries = [section[at : at + 4] for at in range(8, len(section) - 4, 4)] if section[0] == _PROGRAMS_TABLE else []
    return frozenset((entry[2] & 0x1F) << 8 | entry[3] for entry in entries if any(entry[:2]))


def _video_streams(section: bytes) -> Streams:
    streams: Streams = {}
    at = 12 + ((section[10] & 0x0F) << 8 | section[11])
    while at + 5 <= len(section) - 4:
        kind, pid, length = section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2], section[at + 4]
        length |= (section[at + 3] & 0x0F) << 8
        codec = _CODECS.get(kind) or (_registered(section[at + 5 : at + 5 + length]) if kind == _PRIVATE else None)
        if codec is not None:
            streams[pid] = codec
        at += 5 + length
    return streams


def _registered(descriptors: bytes) -> str | None:
    at = 0
    while at + 2 <= len(descriptors):
        if descriptors[at] == _REGISTRATION:
            return _REGISTERED.get(descriptors[at + 2 : at + 6])
        at += 2 + descriptors[at + 1]
    return None
