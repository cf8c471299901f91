"""Prompts: what a corpus is asked, in what shapes, and what the two controls change."""

import numpy as np
import pytest

from tests.support import tiny_config
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture, Record
from timesuite_jax.data.synthetic import MovingShapesSpec, SyntheticCorpusSpec, make_corpus
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn, load_clip_tokenizer, load_tokenizer
from timesuite_jax.videochat_t.answering.prompts import PromptReader
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.data.processor import Processor


@pytest.fixture(scope="module")
def preparer(tiny_corpus):
    config = VideoChatTConfig.from_config(tiny_config.get_config(str(tiny_corpus)))
    return Processor(config.sample(train=False), load_tokenizer(tiny_corpus), load_clip_tokenizer(tiny_corpus))


def read(preparer, corpus, **choices):
    reader = PromptReader(preparer, [str(corpus)], **{"batch_size": 4, **choices})
    return reader, list(reader)


def test_first_questions_without_their_answers(preparer, tiny_corpus):
    reader, batches = read(preparer, tiny_corpus)
    mixture = Mixture([CorpusShare(str(tiny_corpus))])
    records = [mixture.read(number) for number in range(12)]
    prompts = [prompt for batch in batches for prompt in batch.prompts]
    assert len(reader) == 12 and not reader.dropped
    assert [prompt.question for prompt in prompts] == [record.turns[0].question for record in records]
    assert [prompt.spans for prompt in prompts] == [record.spans for record in records]
    tokenizer = load_tokenizer(tiny_corpus)
    for batch in batches:
        for row, prompt in enumerate(batch.prompts):
            text = tokenizer.decode(batch.arrays["tokens"][row][batch.arrays["valid"][row]].tolist())
            assert prompt.question in text and prompt.answer not in text
    assert not any(batch.arrays["loss_mask"].any() for batch in batches)


def test_last_batch_is_filled_up_and_all_have_one_shape(preparer, tiny_corpus):
    _, batches = read(preparer, tiny_corpus, batch_size=5)
    assert [len(batch.prompts) for batch in batches] == [5, 5, 2]
    shapes = [{name: array.shape for name, array in batch.arrays.items()} for batch in batches]
    assert shapes[0] == shapes[1] == shapes[2] and shapes[0]["tokens"] == (5, 96)
    last = batches[-1].arrays
    for name in last:
        np.testing.assert_array_equal(last[name][2:], np.repeat(last[name][1:2], 3, axis=0))


def test_limit_is_of_each_corpus(preparer, tiny_corpus):
    reader = PromptReader(preparer, [str(tiny_corpus)] * 2, batch_size=4, limit=3)
    assert len(reader) == 6
    assert sum(len(batch.prompts) for batch in reader) == 6


def test_foreign_frames_change_the_frames_alone(preparer, tiny_corpus):
    _, plain = read(preparer, tiny_corpus)
    _, foreign = read(preparer, tiny_corpus, control="foreign_frames")
    for before, after in zip(plain, foreign, strict=True):
        assert before.prompts == after.prompts
        for name in before.arrays.keys() - {"frames"}:
            np.testing.assert_array_equal(before.arrays[name], after.arrays[name])
    # Every film has the frames of the next.
    frames = [np.concatenate([batch.arrays["frames"] for batch in batches]) for batches in (plain, foreign)]
    np.testing.assert_array_equal(frames[1], np.roll(frames[0], -1, axis=0))


@pytest.mark.parametrize(("batch_size", "limit"), [(4, 5), (1, None)])
def test_foreign_frames_do_not_depend_on_the_batch(preparer, tiny_corpus, batch_size, limit):
    """A last batch of one prompt has a foreigner, too."""
    frames = []
    for size in (batch_size, 12):
        _, batches = read(preparer, tiny_corpus, batch_size=size, limit=limit, control="foreign_frames")
        frames.append(np.concatenate([batch.arrays["frames"][: len(batch.prompts)] for batch in batches]))
    np.testing.assert_array_equal(*frames)


def test_a_single_film_has_no_foreigner(preparer, tiny_corpus):
    with pytest.raises(UserError, match="at least two videos"):
        read(preparer, tiny_corpus, limit=1, control="foreign_frames")


def test_foreign_frames_are_of_another_film_where_films_have_several_records(preparer, tmp_path):
    spec = SyntheticCorpusSpec("pairs", 4, MovingShapesSpec(objects=(0.0, 1.0)), each_object=True)
    make_corpus(tmp_path / "pairs", spec, seed=1, quiet=True)
    _, plain = read(preparer, tmp_path / "pairs")
    _, foreign = read(preparer, tmp_path / "pairs", control="foreign_frames")
    for before, after in zip(plain, foreign, strict=True):
        for row in range(len(before.prompts)):
            assert not np.array_equal(before.arrays["frames"][row], after.arrays["frames"][row])
    # The two questions about a film see the same foreign film.
    for batch in foreign:
        np.testing.assert_array_equal(batch.arrays["frames"][0], batch.arrays["frames"][1])


def test_rescaled_stamps_change_every_time_and_no_frame(preparer, tiny_corpus):
    _, plain = read(preparer, tiny_corpus)
    _, scaled = read(preparer, tiny_corpus, control="rescaled_stamps")
    for before, after in zip(plain, scaled, strict=True):
        np.testing.assert_array_equal(before.arrays["frames"], after.arrays["frames"])
        for row, (old, new) in enumerate(zip(before.prompts, after.prompts, strict=True)):
            factor = new.duration / old.duration
            assert factor == pytest.approx(1.4) or factor == pytest.approx(1 / 1.5)
            assert len(str(int(new.duration))) == len(str(int(old.duration)))
            np.testing.assert_allclose(new.spans, np.asarray(old.spans) * factor)
            assert (new.question, new.id) == (old.question, old.id)
            for name in ("clip_text", "tokens"):
                assert not np.array_equal(before.arrays[name][row], after.arrays[name][row])


def test_what_cannot_be_asked_is_dropped_and_named(preparer, tmp_path, tiny_corpus):
    mixture = Mixture([CorpusShare(str(tiny_corpus))])
    good = mixture.read(0)
    talk = (Turn("What is this?", "A film."),)
    long = (Turn("When is the red circle visible? " * 20, "From 1.0 to 2.0 seconds."),)
    fields = {"corpus": "odd", "task": "temporal_video_grounding", "source": "a.mp4", "duration": good.duration}
    records = [
        Record(id="odd/0", **fields, video=good.video, turns=talk, spans=()),
        Record(id="odd/1", **fields, video=b"no film", turns=good.turns, spans=good.spans),
        Record(id="odd/2", **fields, video=good.video, turns=long, spans=good.spans),
        Record(id="odd/3", **fields, video=good.video, turns=good.turns, spans=good.spans),
    ]
    CorpusWriter(tmp_path / "odd", "odd").write([records])
    reader, batches = read(preparer, tmp_path / "odd")
    assert [prompt.id for batch in batches for prompt in batch.prompts] == ["odd/3"]
    assert [dropped.id for dropped in reader.dropped] == ["odd/0", "odd/1", "odd/2"]
    reasons = [dropped.reason for dropped in reader.dropped]
    assert "no question with a true span" in reasons[0] and "cannot be opened" in reasons[1] and reasons[2]
