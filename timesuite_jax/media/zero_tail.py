"""Finds the zeros at the end of a file: of a part that was allocated but never written, or padding."""

from mmap import mmap

PADDING = 16  # bytes of zeros that may follow a file whose format does not show its end; less than a frame
_BLOCK = 1 << 16


def zero_start(data: bytes | mmap) -> int:
    """Returns the position from which on all bytes are zeros; the size of the file if its last byte is none."""
    end = len(data)
    while end:
        block = bytes(data[max(end - _BLOCK, 0) : end]).rstrip(b"\0")
        if block:
            return max(end - _BLOCK, 0) + len(block)
        end = max(end - _BLOCK, 0)
    return 0
