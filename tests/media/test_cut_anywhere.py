"""No file that was cut off, or whose end is zeros, is shown to be whole with fewer frames, in any format."""

import av.error
import pytest

from tests.support import encoded_videos
from timesuite_jax.media import VideoError, VideoIndex, index_video

UNSTRUCTURED = {"nut", "swf", "rm"}  # formats of which only the last frame is examined
STUFFING = 64  # zeros that may end a stream without a container
SHARES = [0.13, 0.29, 0.41, 0.53, 0.67, 0.79, 0.83, 0.91, 0.97, 0.99]
SOUND = {
    "mp4": "aac", "mov": "pcm_s16le", "3gp": "aac", "ismv": "aac", "matroska": "pcm_s16le", "webm": "libopus",
    "avi": "pcm_s16le", "mpegts": "aac", "mpeg": "mp2", "flv": "aac", "ogg": "libopus", "asf": "wmav2",
}  # fmt: skip


def accepted(data: bytes) -> VideoIndex | None:
    try:
        return index_video(data)
    except VideoError:
        return None


def check(data: bytes, container: str) -> None:
    whole = accepted(data)
    if whole is None:
        return  # a pair that FFmpeg writes, but does not read
    for end in {*(int(share * len(data)) for share in SHARES), *(len(data) - missing for missing in (1, 9, 65))}:
        cut = accepted(data[:end])
        assert cut is None or len(cut) == len(whole) or cut.ending != "shown", f"cut at {end} of {len(data)}"
        if container in UNSTRUCTURED or len(data) - end < STUFFING:
            continue
        zeroed = accepted(data[:end] + bytes(len(data) - end))
        if zeroed is not None:  # the frame in which the zeros begin cannot be known
            assert len(zeroed) >= len(whole) - 1, f"zeros from {end} of {len(data)}"


@pytest.mark.nightly
@pytest.mark.parametrize("codec", encoded_videos.encoders())
def test_every_codec_in_every_container_cut_anywhere(codec):
    checked = 0
    for container in [*encoded_videos.CONTAINERS, "ismv", "mxf", "h264", "hevc", "m4v", "mjpeg", "yuv4mpegpipe"]:
        for sound in (None, SOUND.get(container)):
            try:
                if sound is None:
                    data = encoded_videos.encode(codec, container)
                else:
                    data = encoded_videos.encode_with_sound(codec, sound, container, delay=0)
                if len(encoded_videos.decode_all(data)) < 2:
                    continue  # the container stores one picture
            except (av.error.FFmpegError, ValueError, IndexError, OverflowError):
                continue  # the container does not take the codec
            check(data, container)
            checked += 1
    if not checked:
        pytest.skip("in no container that PyAV writes")
