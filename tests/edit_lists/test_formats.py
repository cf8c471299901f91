"""The text of each format, and what a file with bad input contains."""

from fractions import Fraction

import numpy as np
import pytest

from timesuite_jax.edit_lists import SourceVideo, check_format, make_edit_list, write_edit_list
from timesuite_jax.edit_lists.chapters import ffmetadata, youtube
from timesuite_jax.edit_lists.edl import edl
from timesuite_jax.edit_lists.subtitles import srt, webvtt
from timesuite_jax.errors import UserError

NTSC = Fraction(30000, 1001)


def source(rate=Fraction(25), count=250, **changes) -> SourceVideo:
    times = np.arange(count) / float(rate)
    fields = {"path": "videos/kitchen.mp4", "times": times, "duration": count / float(rate), "rate": rate}
    return SourceVideo(**{**fields, "time_base": Fraction(1, 90000), **changes})


def edits(spans, texts=None, video=None, **options):
    return make_edit_list(video or source(), spans, texts or ["a"] * len(spans), title="When?", **options)


def test_srt():
    found = srt(edits([(3.0, 4.5), (0.0, 1.98)], ["second --> cue", "first\n cue\x00"]))
    assert found == ("1\n00:00:00,000 --> 00:00:02,000\nfirst cue\n\n2\n00:00:03,000 --> 00:00:04,520\nsecond -> cue\n")


def test_webvtt():
    found = webvtt(edits([(3.0, 4.5)], ["<b> & --> c"]))
    assert found == "WEBVTT\n\n1\n00:00:03.000 --> 00:00:04.520\n&lt;b&gt; &amp; --&gt; c\n"


def test_ffmetadata():
    found = ffmetadata(edits([(3.0, 4.5)], ["a=b;#\\"]))
    assert found == (
        ";FFMETADATA1\ntitle=When?\n\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=3000\nEND=4520\ntitle=a\\=b\\;\\#\\\\\n"
    )


def test_youtube_chapters_begin_at_zero():
    assert youtube(edits([(3.0, 4.5), (3.2, 9.0), (8.0, 9.0)], ["a", "b", "c"])) == "0:00 Start\n0:03 a / b\n0:08 c\n"
    assert youtube(edits([(0.5, 1.0)], ["a"])) == "0:00 a\n"
    hours = source(Fraction(1), 7300)
    assert youtube(edits([(3725.0, 3730.0)], ["late"], hours)) == "0:00 Start\n1:02:05 late\n"


def test_edl():
    found = edl(edits([(3.0, 4.5), (0.0, 2.0)], ["b", "a"], source(sound=True)))
    assert found == (
        "TITLE: When?\nFCM: NON-DROP FRAME\n\n"
        "001  AX       AA/V  C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00\n"
        "* FROM CLIP NAME: kitchen.mp4\n* COMMENT: a\n* SOURCE FRAMES: 0 TO 49\n* FRAME RATE: 25\n\n"
        "002  AX       AA/V  C        00:00:03:00 00:00:04:13 01:00:02:00 01:00:03:13\n"
        "* FROM CLIP NAME: kitchen.mp4\n* COMMENT: b\n* SOURCE FRAMES: 75 TO 112\n* FRAME RATE: 25\n"
    )


def test_edl_in_drop_frame_time_code():
    """At 29.97 frames per second, 60.06 s are 1800 frames, whose time code skips two numbers."""
    found = edl(edits([(60.06, 61.061)], video=source(NTSC, 2000)))
    assert "FCM: DROP FRAME" in found
    assert "AX       V     C        00:01:00;02 00:01:01;02 01:00:00;00 01:00:01;00" in found


@pytest.mark.parametrize(
    ("timecode", "mode", "first"),
    [("10:00:00;00", "DROP FRAME", "10:00:01;00"), ("10:00:00:00", "NON-DROP FRAME", "10:00:01:00"),
     ("nonsense", "DROP FRAME", "00:00:01;00"), (None, "DROP FRAME", "00:00:01;00")],
)  # fmt: skip
def test_edl_counts_from_the_time_code_of_the_file(timecode, mode, first):
    found = edl(edits([(1.001, 2.0)], video=source(NTSC, timecode=timecode)))
    assert f"FCM: {mode}\n" in found and f"V     C        {first}" in found


def test_spans_outside_the_video_are_left_out_and_listed():
    found = edits([(9.9, 30.0), (10.0, 12.0), (-3.0, 0.5), (-3.0, -1.0)])
    assert found.outside == ((10.0, 12.0), (-3.0, -1.0))
    assert [tuple(one.frames) for one in found.excerpts] == [(0, 13), (247, 250)]
    assert found.excerpts[-1].end == 10.0


def test_an_answer_without_spans_gives_empty_lists():
    none = edits([])
    assert srt(none) == youtube(none) == "" and webvtt(none) == "WEBVTT\n" and "TITLE: When?" in edl(none)


def test_times_of_the_index_clock_denote_frames():
    """By the original's rule, second 2 of a video with 10 frames per second on average is frame 20."""
    times = np.append(np.arange(20) / 20, 1 + np.arange(20) / 6.25)
    video = source(Fraction(10), path="a.mp4", times=times, duration=4.2)
    by_index, by_time = edits([(2.0, 3.0)], video=video, clock="index"), edits([(2.0, 3.0)], video=video)
    assert tuple(by_index.excerpts[0].frames) == (20, 30) and by_index.excerpts[0].start == 1.0
    assert tuple(by_time.excerpts[0].frames) == (26, 33)


def test_a_rate_that_no_time_code_matches():
    """Frames 1 ms apart: time codes cannot cut between them, OpenTimelineIO can."""
    times = np.cumsum(np.where(np.arange(200) % 50 < 25, 0.001, 0.05))
    video = source(Fraction(40), path="a.mp4", times=times - times[0], duration=float(times[-1]))
    with pytest.raises(UserError, match=r"a\.mp4 has a variable frame rate.* export to \.otio"):
        edl(edits([(times[55] - times[0], times[60] - times[0])], video=video))
    assert "FRAME RATE" in edl(edits([(times[30] - times[0], times[35] - times[0])], video=video))


def test_formats_by_suffix(tmp_path):
    with pytest.raises(UserError, match=r"suffix '\.doc' is no known format; choose one of \.srt \(SubRip.*\.otio"):
        check_format("cuts.doc")
    with pytest.raises(UserError, match="suffix '' is no known format"):
        write_edit_list(edits([]), tmp_path / "cuts")
    write_edit_list(edits([(0.0, 1.0)]), tmp_path / "CUTS.SRT")
    assert (tmp_path / "CUTS.SRT").read_text().startswith("1\n00:00:00,000 --> 00:00:01,000")
    with pytest.raises(UserError, match=r"cannot write .*; choose another file"):
        write_edit_list(edits([]), tmp_path / "absent" / "cuts.srt")
