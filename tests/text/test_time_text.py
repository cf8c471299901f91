"""Frame timestamps as text; upstream's own texts are tested in tests/parity."""

import numpy as np
import pytest

from timesuite_jax.text import (
    TimeStyle,
    build_word_tokenizer,
    clip_time_texts,
    encode_clip_texts,
    format_seconds,
    load_clip_tokenizer,
    video_time_text,
)

SECONDS = np.linspace(0.25, 9.25, 16)


@pytest.mark.parametrize(
    ("seconds", "formatted"), [(0, "0.0"), (12.34, "12.3"), (0.25, "0.2"), (0.35, "0.3"), (np.float32(2.5), "2.5")]
)
def test_seconds_are_rounded_as_by_python(seconds, formatted):
    assert format_seconds(seconds) == formatted


def test_time_styles():
    few = [0.2, 1.5, 2.8]
    assert video_time_text(few) == "The video contains 3 frames sampled at 0.2, 1.5, 2.8 seconds."
    assert video_time_text(few, TimeStyle.INTEGER) == "The video contains 3 frames sampled at 0, 2, 3 seconds."
    assert (
        video_time_text(few, TimeStyle.COMPACT)
        == "The video contains 3 frames sampled from 0.2 to 2.8 seconds, one every 1.3 seconds."
    )
    assert video_time_text(few, TimeStyle.NONE) == video_time_text([]) == ""
    assert video_time_text([4.0], TimeStyle.COMPACT).endswith("from 4.0 to 4.0 seconds, one every 0.0 seconds.")


def test_each_clip_has_its_own_timestamps():
    texts = clip_time_texts(SECONDS, clips=2, clip_frames=8)
    assert texts[1].startswith("The 2-th video clip contains 8 frames sampled at 5.0, ")
    assert texts[1].endswith(", 9.2 seconds. ")


@pytest.mark.parametrize("style", [TimeStyle.DECIMAL, TimeStyle.NONE])
def test_clips_without_timestamps(style):
    seconds = SECONDS[:15] if style is TimeStyle.DECIMAL else SECONDS
    assert clip_time_texts(seconds, clips=2, clip_frames=8, style=style) == [
        f"The {i}-th video clip contains 8 frames without timestamps. " for i in (1, 2)
    ]


def test_clip_texts_are_padded_right_and_truncated_left(tmp_path):
    texts = clip_time_texts(SECONDS, clips=2, clip_frames=8)
    tokenizer = load_clip_tokenizer(build_word_tokenizer(texts, tmp_path))
    whole = encode_clip_texts(tokenizer, texts, 128)
    lengths = whole.mask.sum(1)
    assert not whole.n_cut.any() and whole.ids.dtype == np.int32 and whole.ids.shape == (2, 128)
    for ids, length in zip(whole.ids, lengths, strict=True):
        assert ids[0] == tokenizer.special.bos and ids[length - 1] == tokenizer.special.eos
        assert (ids[length:] == tokenizer.special.pad).all()
    cut = encode_clip_texts(tokenizer, texts, 16)
    assert (cut.n_cut == lengths - 16).all() and cut.mask.all()
    assert (cut.ids[0, 1:] == whole.ids[0, lengths[0] - 15 : lengths[0]]).all()
    with pytest.raises(ValueError, match=r"length 2.*at least 3"):
        encode_clip_texts(tokenizer, texts, 2)
