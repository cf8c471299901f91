"""The measured tokens are those of the samples that training makes."""

import numpy as np
import pytest

from tests.support import corpora
from timesuite_jax.data.corpora import Dropped, open_corpus, read_record, read_without_media
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample_maker import SampleMaker
from timesuite_jax.videochat_t.data.token_meter import TokenMeter


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("meter")
    return (
        corpora.make(folder, "videos", 6, turns=3),
        corpora.make(folder, "stored", 4, frames=8, turns=2),
        (corpora.tokenizers(folder / "tokenizer")),
    )


@pytest.mark.parametrize("turns", ["all", "shuffled", "independent"])
@pytest.mark.parametrize("buckets", [(64, 80, 128), (40, 60), (24,), (400,)])
@pytest.mark.parametrize("which", [0, 1])
def test_it_agrees_with_the_samples_of_training(place, which, buckets, turns):
    words, clips = place[2]
    spec = corpora.sample_spec(buckets=buckets, turns=turns)
    make = SampleMaker(Processor(spec, corpora.VIDEO_INPUTS, words, clips, train=True))
    meter = TokenMeter(spec, corpora.VIDEO_INPUTS, words)
    _, source = open_corpus(place[which])
    for number in range(len(source)):
        use = meter(read_without_media(source, number))
        sample = make(read_record(source, number), np.random.default_rng(0))
        if isinstance(sample, Dropped):
            assert use.length is None and use.needed > max(buckets)
            continue
        assert use.length == sample.conversation.length
        assert use.cuts == sample.conversation.cuts
        if not use.cuts:
            assert use.needed <= use.length
            assert use.answer == sample.conversation.row.loss_mask.sum()
        else:
            assert use.needed > max(buckets)


def test_one_question_of_a_record_is_measured_by_the_longest(place):
    words, _ = place[2]
    spec = corpora.sample_spec(buckets=(400,), turns="one")
    one = TokenMeter(spec, corpora.VIDEO_INPUTS, words)
    whole = TokenMeter(corpora.sample_spec(buckets=(400,)), corpora.VIDEO_INPUTS, words)
    record = read_without_media(open_corpus(place[0])[1], 2)
    assert one(record).needed < whole(record).needed
    longest = max(one(type(record)(**{**record.__dict__, "turns": (turn,)})).needed for turn in record.turns)
    assert one(record).needed == longest
