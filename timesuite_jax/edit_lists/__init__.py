"""Spans of a video as files for players and editors: subtitles, chapters, edit decision lists.

A span of seconds becomes a half-open range of frames by the rule of `timing.frames`; each format then writes its start
and end so that a reader which follows the format finds exactly these frames:

* SRT, WebVTT, FFmpeg metadata: milliseconds at or before the time of the first frame, and of the first frame after. A
  frame is inside if start <= its time < end.
* Chapters of YouTube: whole seconds at or before the first frame; a chapter lasts until the next one.
* EDL and OTIO of a constant frame rate: numbers of frames from the first frame of the video on. A frame is inside if
  start <= its number < end: the out point is exclusive.
* EDL of a variable frame rate: numbers of the frames that FFmpeg's filter `fps` makes of the video at the rate that the
  file names.
* OTIO of a variable frame rate: units of the container's clock, from the first frame of the video on.

Times of subtitles and chapters are those of a player, from the start of the file (`docs/videos.md`); editors count from
the first frame, or from the time code that the file declares.
"""

from timesuite_jax.edit_lists.excerpts import EditList, Excerpt, make_edit_list
from timesuite_jax.edit_lists.formats import FORMATS, check_format, write_edit_list
from timesuite_jax.edit_lists.source_video import SourceVideo, read_source

__all__ = [
    "FORMATS",
    "EditList",
    "Excerpt",
    "SourceVideo",
    "check_format",
    "make_edit_list",
    "read_source",
    "write_edit_list",
]
