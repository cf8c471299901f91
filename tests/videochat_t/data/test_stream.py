"""The training stream of VideoChat-T: content and order of its batches, exact position, restarts of workers."""

import json
import multiprocessing
import os
import random
import signal
from collections import Counter

import numpy as np
import pytest

from tests.support import corpora
from tests.support.records import record
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, RecordStream, corpus_shares
from timesuite_jax.data.corpora.corpus import open_corpus
from timesuite_jax.errors import UserError
from timesuite_jax.videochat_t.data.token_meter import TokenMeter

RANDOM = corpora.sample_spec(sampling="random", transform="default", turns="shuffled")


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    return corpora.tokenizers(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    return corpora.make(tmp_path_factory.mktemp("ten"), "ten", 10, turns=2, shards=3)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return corpora.make(tmp_path_factory.mktemp("three"), "three", 3, frames=12)


def take(stream: RecordStream, count: int) -> list[dict]:
    return [next(stream) for _ in range(count)]


def assert_equal(one: dict, other: dict) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_batch_contract(ten, three, texts):
    tokenizer = texts[0]
    batch = next(corpora.stream([ten, three], texts, batch=5))
    length = batch["tokens"].shape[1]
    assert length in (64, 80, 128)
    shapes = {name: (values.shape, values.dtype.name) for name, values in batch.items()}
    assert shapes == {
        "frames": ((5, 2, 4, 16, 16, 3), "uint8"),
        "clip_text": ((5, 2, 48), "int32"),
        "clip_text_mask": ((5, 2, 48), "bool"),
        "tokens": ((5, length), "int32"),
        "visual_slot": ((5, length), "int32"),
        "loss_mask": ((5, length), "bool"),
        "valid": ((5, length), "bool"),
        "sample": ((5,), "int32"),
    }
    for row in range(5):
        number = batch["sample"][row]
        slots = batch["visual_slot"][row]
        assert slots[slots >= 0].tolist() == list(range(6))
        answer = tokenizer.decode(batch["tokens"][row][batch["loss_mask"][row]])
        assert answer.startswith(f"Video {number if number < 10 else number - 10} three 0.")
        assert "frames sampled at" in texts[1].decode(batch["clip_text"][row, 1][batch["clip_text_mask"][row, 1]])
        assert not np.any(batch["loss_mask"][row] & ~batch["valid"][row])
        # Brightness increases with the frame number in these videos.
        frames = batch["frames"][row].reshape(8, -1).mean(1)
        assert np.all(np.diff(frames) > 0)


def test_every_sample_once_an_epoch_and_epochs_differ(ten, three, texts):
    stream = corpora.stream([ten, CorpusShare(str(three), repeat=2)], texts, batch=4)
    assert stream.epoch_size == 16
    epochs = [np.concatenate([batch["sample"] for batch in take(stream, 4)]).tolist() for _ in range(3)]
    expected = Counter({**dict.fromkeys(range(10), 1), **dict.fromkeys(range(10, 13), 2)})
    assert all(Counter(epoch) == expected for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    parts = {"samples_per_epoch": 16, "samples_per_part": [10, 6]}
    assert stream.get_state() == {"global_next_index": 48, "epoch": 3, "seed": 3, **parts}
    other = corpora.stream([ten, CorpusShare(str(three), repeat=2)], texts, batch=4, seed=4)
    assert np.concatenate([batch["sample"] for batch in take(other, 4)]).tolist() != epochs[0]
    ordered = corpora.stream([ten], texts, batch=5, shuffle=False)
    assert np.concatenate([batch["sample"] for batch in take(ordered, 4)]).tolist() == [*range(10)] * 2


@pytest.mark.parametrize("threads", [0, 3])
def test_resume_at_every_batch(threads, ten, texts):
    stream = corpora.stream([ten], texts, batch=2, threads=threads, sample=RANDOM)
    states, batches = [], []
    for _ in range(12):
        states.append(json.loads(json.dumps(stream.get_state())))
        batches.append(next(stream))
    stream.close()
    for start, state in enumerate(states):
        again = corpora.stream([ten], texts, batch=2, threads=threads, sample=RANDOM)
        again.set_state(state)
        assert again.get_state() == state
        for expected in batches[start : start + 2]:
            assert_equal(next(again), expected)
        again.close()
    stream.set_state(states[4])
    assert_equal(next(stream), batches[4])


def test_batches_do_not_depend_on_workers_being_killed(ten, texts):
    expected = take(corpora.stream([ten], texts, batch=2, threads=0, sample=RANDOM), 9)
    stream = corpora.stream([ten], texts, batch=2, workers=2, read_ahead=4, sample=RANDOM)
    try:
        for batch in expected[:3]:
            assert_equal(next(stream), batch)
        position = stream.get_state()
        children = multiprocessing.active_children()
        assert len(children) == 2
        for child in children:
            os.kill(child.pid, signal.SIGINT)  # as a terminal does, while the parent process saves
        assert_equal(next(stream), expected[3])
        assert multiprocessing.active_children() == children
        os.kill(children[0].pid, signal.SIGKILL)
        for batch in expected[4:6]:
            assert_equal(next(stream), batch)
    finally:
        stream.close()
    threads = corpora.stream([ten], texts, batch=2, threads=2, sample=RANDOM)
    threads.set_state(position)
    for batch in expected[3:]:
        assert_equal(next(threads), batch)


@pytest.mark.nightly
def test_batches_do_not_depend_on_workers_being_killed_twenty_times(ten, texts):
    expected = take(corpora.stream([ten], texts, batch=2, threads=0, sample=RANDOM), 42)
    stream = corpora.stream([ten], texts, batch=2, workers=2, read_ahead=4, sample=RANDOM)
    chance = random.Random(0)
    try:
        for number, batch in enumerate(expected):
            assert_equal(next(stream), batch)
            if number % 2 == 0 and number < 40:
                os.kill(chance.choice(multiprocessing.active_children()).pid, signal.SIGKILL)
    finally:
        stream.close()


def test_any_number_of_processes_gives_the_same_global_batches(ten, three, texts):
    sample = corpora.sample_spec(sampling="random", buckets=(128,))
    whole = take(corpora.stream([ten, three], texts, batch=4, sample=sample), 5)
    for count in (2, 4):
        parts = [corpora.stream([ten, three], texts, batch=4, sample=sample, process=(p, count)) for p in range(count)]
        for expected in whole:
            batches = [next(part) for part in parts]
            assert_equal({k: np.concatenate([b[k] for b in batches]) for k in batches[0]}, expected)
            assert len({json.dumps(part.get_state()) for part in parts}) == 1


def test_processes_agree_on_the_length(ten, texts):
    parts = [corpora.stream([ten], texts, batch=2, process=(p, 2)) for p in range(2)]
    assert [next(part)["tokens"].shape for part in parts] == [(1, 128)] * 2


def test_cache_gives_the_same_batches(ten, three, texts):
    for turns in ("all", "one"):
        sample = corpora.sample_spec(turns=turns)
        plain = corpora.stream([ten, three], texts, sample=sample)
        cached = corpora.stream([ten, three], texts, sample=sample, cache_decoded=True)
        for _ in range(9):
            assert_equal(next(cached), next(plain))
    with pytest.raises(UserError, match=r"cache_decoded.* always give the same frames"):
        corpora.stream([ten], texts, sample=RANDOM, cache_decoded=True)


def test_one_turn_at_a_time(ten, texts):
    stream = corpora.stream([ten], texts, batch=10, sample=corpora.sample_spec(turns="one"))
    answers = Counter()
    for batch in take(stream, 6):
        for row in range(10):
            answers[texts[0].decode(batch["tokens"][row][batch["loss_mask"][row]])] += 1
    assert len(answers) == 20 and sum(answers.values()) == 60


@pytest.mark.parametrize("workers", [0, 1])
def test_damaged_samples_are_dropped_counted_and_named_in_messages(workers, tmp_path, texts, three, caplog):
    folder = corpora.make(tmp_path, "bad", 6)
    _, source = open_corpus(folder)
    shard = source.paths[0]
    data = bytearray(shard.read_bytes())
    offset = int(source._indices[0][2][0])
    data[offset + 900] ^= 255
    shard.write_bytes(data)
    stream = corpora.stream([folder, three], texts, batch=9, shuffle=False, workers=workers)
    try:
        batch = next(stream)
    finally:
        stream.close()
    assert batch["sample"].tolist() == list(range(9))
    full = [bool(row.any()) for row in batch["loss_mask"]]
    assert full == [True, True, False, *[True] * 6]
    assert batch["valid"][2].sum() == 1 and not batch["frames"][2].any()
    report = stream.report()
    assert report["bad"]["used"] == 5 and report["bad"]["dropped"] == 1 and report["three"]["used"] == 3
    ((name, reason),) = report["bad"]["reasons"].items()
    assert name == "bad, unreadable record 2" and "record 2 at byte" in reason and "fails its checksum" in reason
    assert "dropped sample bad, unreadable record 2" in caplog.text
    assert stream.sample_names(batch)[1:4] == ["bad/1", "bad, unreadable record 2", "bad/3"]


def test_slow_videos_are_dropped(ten, texts):
    stream = corpora.stream([ten], texts, batch=2, sample=corpora.sample_spec(deadline_s=0.0))
    assert not next(stream)["loss_mask"].any()
    assert all("was not decoded within 0 s" in reason for reason in stream.report()["ten"]["reasons"].values())


def test_shortened_time_texts_are_counted(ten, texts):
    wide = corpora.stream([ten], texts, batch=10)
    next(wide)
    assert wide.report()["ten"]["cuts"] == {}
    tight = corpora.stream([ten], texts, batch=10, sample=corpora.sample_spec(buckets=(66,), clip_text_length=20))
    batch = next(tight)
    cuts = tight.report()["ten"]["cuts"]
    assert cuts["clip_text"] == 10 and sum(cuts.values()) > 10
    for row in range(10):
        assert texts[0].decode(batch["tokens"][row][batch["loss_mask"][row]]).endswith("three 1. ")


def test_unusable_data_is_an_error(ten, texts):
    unusable = corpora.stream([ten], texts, batch=2, shuffle=False, sample=corpora.sample_spec(buckets=(20,)))
    take(unusable, 4)
    assert unusable.report()["ten"]["dropped"] == 8
    with pytest.raises(UserError, match=r"none of the first 10 samples .* ten/0: needs 26 .* sequence has 20"):
        next(unusable)


def test_mixtures_are_parsed():
    assert corpus_shares(["a", "b/c*3"]) == (CorpusShare("a"), CorpusShare("b/c", 3))
    with pytest.raises(UserError, match=r"corpus 'a\*b' has no whole number"):
        corpus_shares(["a*b"])


def test_wrong_options_are_errors(ten, three, texts, tmp_path):
    with pytest.raises(UserError, match=r"no corpus .*dataset_info.json"):
        corpora.stream([tmp_path], texts)
    with pytest.raises(UserError, match=r"the corpora name .*/ten twice"):
        corpora.stream([ten, ten], texts)
    with pytest.raises(UserError, match="no corpus to train on"):
        corpora.stream([], texts)
    with pytest.raises(UserError, match="has repeat 0"):
        corpora.stream([CorpusShare(str(ten), 0)], texts)
    with pytest.raises(UserError, match=r"buckets=\(6,\) .* 6 visual tokens"):
        corpora.stream([ten], texts, sample=corpora.sample_spec(buckets=(6,)))
    with pytest.raises(UserError, match="unknown conversation layout 'chat'; known: training"):
        corpora.sample_spec(layout="chat")
    stream = corpora.stream([ten], texts)
    state = stream.get_state()
    for change, problem in (
        ({"seed": 9}, "has seed 9, this run has 3"),
        ({"samples_per_epoch": 11}, "has samples_per_epoch 11, this run has 10"),
        ({"samples_per_part": [5, 5]}, r"has samples_per_part \[5, 5\], this run has \[10\]"),
    ):
        with pytest.raises(UserError, match=problem):
            stream.set_state({**state, **change})


def test_independent_turns_have_segments_of_their_own(ten, texts):
    together = next(corpora.stream([ten], texts, batch=10, sample=corpora.sample_spec(turns="independent")))
    segments = together["segments"]
    tokenizer = texts[0]
    for row, tokens in enumerate(together["tokens"]):
        number = together["sample"][row]
        shared = tokens[(segments[row] == 0) & together["valid"][row] & (together["visual_slot"][row] < 0)]
        assert tokenizer.decode(shared).endswith("seconds. [/INST]")
        for turn in (0, 1):
            own = tokenizer.decode(tokens[segments[row] == turn + 1])
            assert own.startswith(f"[INST] When is video number {number}?")
            assert f"[/INST] Video {number} three {turn}." in own
        assert segments[row].max() == 2 and not segments[row][~together["valid"][row]].any()


def test_independent_turns_need_a_layout_that_formats_all_turns_alike():
    with pytest.raises(UserError, match=r"turns='independent' needs a layout .* choose layout='training'"):
        corpora.sample_spec(turns="independent", layout="evaluation")


@pytest.mark.parametrize("turns", ["all", "one"])
def test_records_of_labelled_videos_have_no_questions(turns, texts, tmp_path):
    CorpusWriter(tmp_path / "c", "c").write([[record(turns=(), spans=(), label=3)]])
    with pytest.raises(UserError, match=r"none of the first 4 samples .* c/0 has no questions; leave its corpus"):
        next(corpora.stream([tmp_path / "c"], texts, sample=corpora.sample_spec(turns=turns)))
    meter = TokenMeter(corpora.sample_spec(turns=turns), corpora.VIDEO_INPUTS, texts[0])
    with pytest.raises(UserError, match=r"record c/0 has no questions"):
        meter(record(turns=(), spans=(), label=3))
