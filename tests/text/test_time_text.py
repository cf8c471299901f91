"""Frame timestamps as text; upstream's own texts are tested in tests/parity."""

import numpy as np
import pytest

from timesuite_jax.text import (
    TimeStyle,
    Tokenizer,
    build_word_tokenizer,
    clip_time_texts,
    encode_clip_texts,
    format_seconds,
    load_clip_tokenizer,
    shift_right,
    used_columns,
    video_time_text,
)

SECONDS = np.linspace(0.25, 9.25, 16)


@pytest.mark.parametrize(
    ("seconds", "formatted"),
    [(0, "0.0"), (12.34, "12.3"), (0.25, "0.2"), (0.35, "0.3"), (-0.04, "0.0"), (np.float32(2.5), "2.5")],
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


@pytest.fixture
def uneven(tmp_path) -> tuple[Tokenizer, list[str]]:
    """Texts of 2, 5 and 3 words, and a tokenizer that makes a token of each word."""
    texts = ["a b", "a b c d e", "a b c"]
    return load_clip_tokenizer(build_word_tokenizer(texts, tmp_path)), texts


@pytest.mark.parametrize(
    ("padding", "starts"), [("right", [0, 0, 0]), ("left_per_video", [3, 0, 2]), ("left_per_batch", [3, 0, 2])]
)
def test_columns_of_clip_texts(uneven, padding, starts):
    tokenizer, texts = uneven
    whole = encode_clip_texts(tokenizer, texts, 16, padding)
    assert used_columns(whole.mask) == 7  # with [CLS] and [SEP]
    for row, (text, start) in enumerate(zip(texts, starts, strict=True)):
        tokens = [tokenizer.special.bos, *tokenizer.encode(text), tokenizer.special.eos]
        assert whole.ids[row, start : start + len(tokens)].tolist() == tokens
        assert np.flatnonzero(whole.mask[row]).tolist() == list(range(start, start + len(tokens)))
        assert (whole.ids[row][~whole.mask[row]] == tokenizer.special.pad).all()
    # A text that is cut to the whole length is the longest.
    cut = encode_clip_texts(tokenizer, texts, 5, padding)
    assert cut.n_cut.tolist() == [0, 2, 0] and cut.mask[1].all()
    assert np.flatnonzero(cut.mask[0])[0] == (0 if padding == "right" else 1)


def test_right_padding_does_not_depend_on_other_clips(uneven):
    tokenizer, texts = uneven
    alone = np.concatenate([encode_clip_texts(tokenizer, [text], 16).ids for text in texts])
    np.testing.assert_array_equal(encode_clip_texts(tokenizer, texts, 16).ids, alone)


def test_texts_of_a_video_are_shifted_together(uneven):
    tokenizer, texts = uneven
    ids, mask, _ = encode_clip_texts(tokenizer, texts, 16, "left_per_batch")
    shifted, shifted_mask = shift_right(ids, mask, 10)
    np.testing.assert_array_equal(shifted_mask[:, 3:10], mask[:, :7])
    np.testing.assert_array_equal(shifted[shifted_mask], ids[mask])
    assert used_columns(shifted_mask) == 10 and shifted_mask.sum() == mask.sum()
    for columns in (6, 17):
        with pytest.raises(ValueError, match=f"cannot align texts of 7 columns to {columns} of 16"):
            shift_right(ids, mask, columns)
    assert used_columns(np.zeros((2, 4), bool)) == 0


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
