"""Writes excerpts as an edit decision list (CMX 3600, .edl), one after the other on the time line."""

from timesuite_jax.edit_lists.excerpts import EditList
from timesuite_jax.edit_lists.frame_grid import frame_grid
from timesuite_jax.timing.timecode import parse_timecode

_FIRST_RECORD_HOUR = "01:00:00"  # where programmes begin
_TITLE_LENGTH = 70


def edl(edits: EditList) -> str:
    """One cut a line: number, reel, tracks, in and out of the source, in and out of the time line; outs are exclusive.

    Comments name the file, the first and last frame of the source, and the frame rate of the time codes. They follow
    their cut, since some readers accept none before the first.

    Raises:
      UserError: the video's frame rate is variable, and no time code has exact cuts.
    """
    source = edits.source
    grid = frame_grid(source, [one.frames for one in edits.excerpts])
    tracks = "AA/V" if source.sound else "V"
    record = parse_timecode(f"{_FIRST_RECORD_HOUR}{';' if grid.drop else ':'}00", grid.rate)
    lines = [
        f"TITLE: {edits.title[:_TITLE_LENGTH]}",
        f"FCM: {'DROP FRAME' if grid.drop else 'NON-DROP FRAME'}",
    ]
    for number, one in enumerate(edits.excerpts, start=1):
        first, end = grid.range(one.frames)
        codes = [grid.start + first, grid.start + end, record, record + end - first]
        record += end - first
        lines += [
            "",
            f"{number:03d}  AX       {tracks:<5} C        {' '.join(map(grid.timecode, codes))}",
            f"* FROM CLIP NAME: {source.name}",
            f"* COMMENT: {one.text}",
            f"* SOURCE FRAMES: {one.frames.first} TO {one.frames.last}",
            f"* FRAME RATE: {float(grid.rate):.6g}{'' if grid.constant else ' (THE SOURCE HAS A VARIABLE FRAME RATE)'}",
        ]
    return "\n".join(lines) + "\n"
