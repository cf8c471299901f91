"""Opens video files and encoded bytes with FFmpeg."""

import errno
import io
from pathlib import Path

import av
import av.container
import av.error

from timesuite_jax.media.video_error import VideoError

Source = Path | str | bytes

# Playlists and scripts (HLS, DASH, concat) refer to other files and to the network; a video is one local file.
OPTIONS = {"protocol_whitelist": "file"}


def open_media(source: Source, name: str) -> av.container.InputContainer:
    """Opens a file or encoded bytes with video or sound; the caller closes the container.

    Raises:
      VideoError: the file is missing, empty, unreadable, or in no format that FFmpeg reads.
    """
    if isinstance(source, bytes):
        size, handle = len(source), io.BytesIO(source)
    else:
        path = Path(source)
        if path.is_dir():
            raise VideoError(name, "is a folder", "give the path of a file", "not_a_file")
        if not path.exists():
            raise VideoError(name, "does not exist", f"check the path {path}", "missing")
        if not path.is_file():  # opening a pipe would wait for its other end
            raise VideoError(name, "is no regular file", "give the path of a file", "not_a_file")
        # FFmpeg takes what precedes a colon for a protocol; an absolute path cannot be mistaken for one.
        size, handle = path.stat().st_size, f"file:{path.absolute()}"
    if size == 0:
        raise VideoError(name, "is empty (0 bytes)", "download it again or re-encode it", "empty")
    try:
        container = av.open(handle, mode="r", options=OPTIONS)
    except PermissionError as error:
        if error.errno == errno.EPERM:
            raise VideoError(
                name, "is a playlist or script, which refers to other files", "give the video", "not_a_video"
            ) from error
        raise VideoError(
            name, f"cannot be read ({ffmpeg_reason(error)})", "check its permissions", "unreadable"
        ) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            name,
            f"cannot be opened ({size} bytes, {ffmpeg_reason(error)})",
            "it is truncated or not a video: download it again or re-encode it",
            "not_a_video",
        ) from error
    # PyAV fills missing presentation times with guesses, indistinguishable from those of the container.
    container.flags &= ~av.container.Flags.gen_pts.value
    return container


def open_video(source: Source, name: str) -> av.container.InputContainer:
    """Opens a file or encoded bytes with video; the caller closes the container.

    Raises:
      VideoError: as `open_media`, or there is no video stream.
    """
    container = open_media(source, name)
    if not container.streams.video:
        kinds = sorted({stream.type for stream in container.streams}) or ["none"]
        container.close()
        raise VideoError(
            name,
            f"has no video stream (streams: {', '.join(kinds)})",
            "give a file with a video stream",
            "no_video_stream",
        )
    return container


def ffmpeg_reason(error: BaseException) -> str:
    """Returns FFmpeg's message without the error number and the path."""
    return str(getattr(error, "strerror", None) or error).strip().rstrip(".")
