"""Captions become tokens as upstream, and batches are of videos or of images, in an order that can be resumed."""

import dataclasses

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.stage2.data import VideoTextDataSpec, pair_stream, steps_per_epoch
from timesuite_jax.internvideo2.stage2.data.caption_text import clean_caption
from timesuite_jax.internvideo2.stage2.data.captions import CaptionTokens
from timesuite_jax.media.augment import AugmentationSpec


def spec(corpus, **changes) -> VideoTextDataSpec:
    fields = {
        "corpora": (str(corpus),), "image_corpora": (str(corpus),), "tokenizer": str(corpus), "batch_size": 4,
        "num_frames": 4, "image_size": 28, "decode_side": 32, "max_tokens": 8, "threads": 0, "sampling": "middle",
        "augmentation": AugmentationSpec(crop="whole", flip_probability=0.0),
    }  # fmt: skip
    return VideoTextDataSpec(**{**fields, **changes})


def test_captions_are_cleaned():
    text = "  A <person>, walking/running -- (slowly): \"so\" 'it' is;  ok? #1 ~ done! "
    assert clean_caption(text) == "a person walking running slowly so it is ok 1 done"


def test_tokens_are_cut_and_padded(caption_corpus):
    tokens = CaptionTokens(str(caption_corpus), 6)
    ids, mask = tokens(["A red square moves left.", "red"])
    vocabulary = (caption_corpus / "vocab.txt").read_text().split()
    assert [vocabulary[number] for number in ids[0]] == ["[CLS]", "a", "red", "square", "moves", "left"]
    assert [vocabulary[number] for number in ids[1]] == ["[CLS]", "red", *["[PAD]"] * 4]
    assert mask.sum(axis=1).tolist() == [6, 2]
    assert vocabulary[tokens.mask_id] == "[MASK]"


def test_batches_of_videos_and_images_in_an_order_that_resumes(caption_corpus):
    options = spec(caption_corpus)
    stream = pair_stream(options, seed=0)
    assert steps_per_epoch(options) == 6
    batches, states = [], []
    for _ in range(12):
        states.append(stream.get_state())
        batches.append(next(stream))
    frames = [batch["frames"].shape[1] for batch in batches]
    for epoch in (frames[:6], frames[6:]):
        assert sorted(epoch) == [1, 1, 1, 4, 4, 4]
    assert frames[:6] != sorted(frames[:6]) or frames[6:] != sorted(frames[6:])
    other = pair_stream(options, seed=0)
    other.set_state(states[5])
    for batch in batches[5:]:
        found = next(other)
        assert all(np.array_equal(found[name], values) for name, values in batch.items())
    assert all(batch["valid"].all() for batch in batches)
    assert len({tuple(row) for batch in batches for row in batch["content"]}) == 12
    assert set(stream.report()) == {"captions (videos)", "captions (images)"}
    assert stream.sample_names(batches[-1])[0].startswith("captions/")


def test_positions_of_other_batches_are_refused(caption_corpus):
    state = pair_stream(spec(caption_corpus), seed=0).get_state()
    with pytest.raises(UserError, match="batches_per_epoch"):
        pair_stream(spec(caption_corpus, batch_size=6), seed=0).set_state(state)


def test_names_of_classes_as_captions(action_corpus, caption_corpus):
    options = spec(action_corpus, image_corpora=(), captions="classes", tokenizer=str(caption_corpus), shuffle=False)
    batch = next(iter(pair_stream(options, seed=0)))
    vocabulary = (caption_corpus / "vocab.txt").read_text().split()
    words = [" ".join(vocabulary[number] for number in row[mask][1:]) for row, mask in
             zip(batch["text"], batch["text_mask"], strict=True)]  # fmt: skip
    assert words == ["moves right", "moves left", "moves down", "moves up"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"corpora": (), "image_corpora": ()}, "name at least one corpus"),
        ({"num_sample": 2}, "set it to 1"),
        ({"max_tokens": 1}, "max_tokens=1"),
    ],
)
def test_options_that_are_refused(caption_corpus, changes, message):
    with pytest.raises(UserError, match=message):
        spec(caption_corpus, **changes)


def test_records_without_captions_are_dropped_with_a_reason(action_corpus, caption_corpus):
    options = dataclasses.replace(spec(action_corpus), image_corpora=(), tokenizer=str(caption_corpus))
    stream = pair_stream(options, seed=0)
    with pytest.raises(UserError, match="no answer to use as a caption"):
        for _ in range(12):
            next(stream)


def test_a_vocabulary_without_mask_is_refused(caption_corpus, tmp_path):
    pieces = (caption_corpus / "vocab.txt").read_text().replace("[MASK]", "[NONE]")
    (tmp_path / "vocab.txt").write_text(pieces)
    with pytest.raises(UserError, match="bert-large-uncased"):
        CaptionTokens(str(tmp_path), 8)
