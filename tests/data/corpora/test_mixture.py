"""Mixtures: entries of configs, shares of an epoch, and that every process count visits the same records."""

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture, Record, corpus_shares
from timesuite_jax.data.corpora.corpus_shares import corpus_folders
from timesuite_jax.data.corpora.epoch_part import EpochPart, apportion
from timesuite_jax.data.corpora.index_sampler import IndexSampler
from timesuite_jax.data.timepro.mixtures import MIXTURES
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn

SIZES = {"a": 10, "b": 3, "c": 7}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Corpora of the sizes above."""
    folder = tmp_path_factory.mktemp("corpora")
    for name, size in SIZES.items():
        records = [
            Record(f"{name}/{n}", name, "t", (Turn("q", "a"),), 1.0, frames=(b"x",), frame_times=(0.0,))
            for n in range(size)
        ]
        CorpusWriter(folder / name, name).write([records])
    return folder


def mixture(root: Path, entries: str, weights=()) -> Mixture:
    return Mixture(corpus_shares([f"{root}/{entry}" for entry in entries.split()], weights))


def visited(mixed: Mixture, processes: int, samples: int, *, start: int = 0, batch: int = 4, seed=7) -> list[int]:
    """Records of `samples` samples from a position on, of all processes together."""
    step, first = divmod(start, batch)
    samplers = [
        IndexSampler(
            mixed, seed=seed or 0, shuffle=seed is not None, global_batch=batch, process_index=process,
            process_count=processes, first=first,
        )
        for process in range(processes)
    ]  # fmt: skip
    own = batch // processes
    steps = range(step, step + -(-samples // batch))
    found = [samplers[p][s * own + row] for s in steps for p in range(processes) for row in range(own)]
    assert [position for position, _ in found] == list(range(start, start + len(found)))
    return [record for _, record in found][:samples]


@pytest.mark.parametrize(
    ("entries", "weights"),
    [("a b c", ()), ("a b*3 c*2", ()), ("a b c", (1.0, 2.0, 0.25))],
    ids=["sizes", "repeats", "weights"],
)
@pytest.mark.parametrize("seed", [None, 7], ids=["in order", "shuffled"])
def test_epochs_on_any_number_of_processes(root, entries, weights, seed):
    mixed = mixture(root, entries, weights)
    epoch = mixed.visits
    one = visited(mixed, 1, 3 * epoch, seed=seed)
    for processes in (2, 4):
        assert visited(mixed, processes, 3 * epoch, seed=seed) == one
    # Resumed with another number of processes, and another batch size, in the middle of the first and second epoch.
    for stop, (before, after) in itertools.product((5, epoch - 1, epoch + 6), itertools.permutations((1, 2, 4), 2)):
        rest = visited(mixed, after, 3 * epoch - stop, start=stop, batch=8, seed=seed)
        assert visited(mixed, before, stop, seed=seed) + rest == one
    if not weights:
        repeats = [share.repeat for share in corpus_shares(entries.split())]
        expected = Counter(
            {
                n: r
                for r, numbers in zip(repeats, (range(10), range(10, 13), range(13, 20)), strict=True)
                for n in numbers
            }
        )
        assert all(Counter(one[e * epoch : (e + 1) * epoch]) == expected for e in range(3))
    if seed is not None:
        assert one[:epoch] != one[epoch : 2 * epoch]


def test_weights_are_the_shares_of_each_epoch(root):
    mixed = mixture(root, "a b c", (1.0, 2.0, 1.0))
    assert mixed.visits == 20 and mixed.part_visits == [5, 10, 5]
    numbers = np.array(visited(mixed, 2, 14 * 20))
    for epoch in numbers.reshape(14, 20):
        corpora = Counter(mixed.corpus_of(n) for n in epoch)
        assert corpora == {"a": 5, "b": 10, "c": 5}
    counts = Counter(numbers.tolist())
    for first, size in ((0, 10), (10, 3), (13, 7)):
        part = [counts[n] for n in range(first, first + size)]
        assert max(part) - min(part) <= 1, "all records of a corpus, before any a second time"
    # Another seed leaves other records out of the first epoch.
    sets = {frozenset(visited(mixed, 1, 20, seed=seed)) for seed in range(8)}
    assert len(sets) > 1


def test_a_ready_made_mixture_shares_its_weight_by_size(root, monkeypatch):
    monkeypatch.setitem(MIXTURES, "abc", ("a", "b"))
    shares = corpus_shares([f"abc@{root}", f"{root}/c"], (1.0, 1.0))
    assert [Path(share.folder).name for share in shares] == ["a", "b", "c"]
    mixed = Mixture(shares)
    assert mixed.part_visits == [10, 10]
    counts = Counter(mixed.corpus_of(n) for n in visited(mixed, 1, 13 * 20))
    assert counts == {"a": 100, "b": 30, "c": 130}
    assert corpus_shares([f"abc@{root}*2"]) == (CorpusShare(f"{root}/a", 2), CorpusShare(f"{root}/b", 2))


@pytest.fixture
def overlapping(root, monkeypatch):
    """Entries of two ready-made mixtures, of a and b, and of b and c."""
    monkeypatch.setitem(MIXTURES, "left", ("a", "b"))
    monkeypatch.setitem(MIXTURES, "right", ("b", "c"))
    return [f"left@{root}", f"right@{root}"]


def test_ready_made_mixtures_with_a_corpus_in_common_visit_it_once(root, overlapping):
    mixed = Mixture(corpus_shares(overlapping))
    assert mixed.names == ("a", "b", "c") and mixed.visits == len(mixed) == 20
    one = visited(mixed, 1, 40)
    assert Counter(one[:20]) == Counter(one[20:]) == Counter(range(20))
    assert all(visited(mixed, processes, 40) == one for processes in (2, 4))
    # As often as the largest repeat has it.
    left, right = overlapping
    shares = corpus_shares([f"{left}*2", right, f"{root}/c*3"])
    assert [(Path(share.folder).name, share.repeat) for share in shares] == [("a", 2), ("b", 2), ("c", 3)]
    with pytest.raises(UserError, match=r"name left@.* twice; leave one out"):
        corpus_shares([left, right, left])


def test_ready_made_mixtures_with_a_corpus_in_common_keep_their_weights(root, overlapping):
    """Of 20 samples 5 are of a and b, and 15 of b and c, by the sizes 10, 3 and 7: b has 5 * 3 / 13 + 15 * 3 / 10."""
    mixed = Mixture(corpus_shares(overlapping, (1.0, 3.0)))
    assert mixed.names == ("a", "b", "c") and len(mixed) == mixed.visits == 20
    assert mixed.part_visits == [4, 6, 10]  # of 3.85, 5.65 and 10.5, the largest remainders rounded up
    epochs = [visited(mixed, processes, 5 * 20) for processes in (1, 2, 4)]
    assert epochs[0] == epochs[1] == epochs[2]
    counts = Counter(epochs[0])
    assert [counts[n] for n in (10, 11, 12)] == [10, 10, 10]  # 6 samples of the 3 records in each of 5 epochs
    assert all(max(own) - min(own) <= 1 for own in ([counts[n] for n in range(10)], [counts[n] for n in range(13, 20)]))
    # Corpora with the same weights are one part, wherever they are in the list.
    alone = Mixture(corpus_shares([overlapping[0], f"{root}/b", f"{root}/c"], (1.0, 1.0, 1.0)))
    assert alone.names == ("a", "b", "c") and sum(alone.part_visits) == 20
    with pytest.raises(UserError, match=r"the weight 0\.001 of right@.* gives .*/c none of the 20 samples"):
        Mixture(corpus_shares(overlapping, (1.0, 0.001)))


def test_the_originals_mixtures_are_combined():
    shares = corpus_shares(["timepro_normal@data", "finetune_grounding@data/"], (1.0, 2.0))
    assert len(shares) == 22 == len({share.folder for share in shares})
    both = (("timepro_normal@data", 1.0), ("finetune_grounding@data/", 2.0))
    assert {share.folder for share in shares if share.weights == both} == {
        "data/grounding_ANetHL2", "data/caption_youcook2"
    }  # fmt: skip
    assert [share.weights for share in shares[18:]] == [both] * 2 + [both[1:]] * 2 != [both[:1]] * 4


def test_ready_made_mixtures_are_the_originals():
    assert len(MIXTURES["timepro_normal"]) == len(set(MIXTURES["timepro_normal"])) == 20
    assert len(MIXTURES["finetune_grounding"]) == 4
    shares = corpus_shares(["timepro_normal@gs://bucket/data/"])
    assert shares[0] == CorpusShare("gs://bucket/data/timeit_ANet") and len(shares) == 20


def test_missing_corpora_are_listed_in_one_message(root):
    with pytest.raises(
        UserError, match=r"4 of the 5 corpora are missing: .*FT_Charades, .*caption_youcook2; build each"
    ):
        Mixture(corpus_shares([f"finetune_grounding@{root}", f"{root}/a"]))


def test_corpora_of_training_and_evaluation_together(root):
    """Two mixtures may have a corpus in common, also with a repeat or as a part of a ready-made mixture."""
    assert corpus_folders(["a", "b*2", "b/", "a", "c"]) == ["a", "b", "c"] == corpus_folders("abc")
    folders = corpus_folders([f"finetune_grounding@{root}", f"{root}/FT_Charades"])
    assert len(folders) == 4 and f"{root}/FT_Charades" in folders


def test_a_corpus_named_twice(root):
    for twice in ("a b b", "a b b/", "b a b*2"):
        with pytest.raises(UserError, match=r"name .*/b/? twice; leave one out \(FOLDER\*2"):
            mixture(root, twice)
    (root / "link").symlink_to(root / "b")
    with pytest.raises(UserError, match=r"have the same name \(b\); leave one out if .*FOLDER\*2"):
        mixture(root, "a b link")


@pytest.mark.parametrize(
    ("entries", "weights", "problem"),
    [
        (["a", "b"], (1.0,), r"data\.corpora and data\.corpus_weights differ in length \(2 and 1\); give one"),
        (["a", "b"], (1.0, 0.0), "has 0 for b; give a number above 0"),
        (["a"], (float("nan"),), "has nan for a"),
        (["a"], (float("inf"),), "has inf for a"),
        (["a*2"], (1.0,), r"'a\*2' has a repeat, and data\.corpus_weights a weight"),
        (["timepro_norml@data"], (), r"no mixture 'timepro_norml'; did you mean 'timepro_normal'\?; known mixtures"),
        (["timepro_normal"], (), r"needs the folder that holds its corpora; write it as timepro_normal@FOLDER"),
    ],
)
def test_wrong_entries(entries, weights, problem):
    with pytest.raises(UserError, match=problem):
        corpus_shares(entries, weights)


def test_a_weight_too_small_for_a_sample(root):
    with pytest.raises(UserError, match=r"the weight 0\.001 of .*/b gives .*/b none of the 13 samples"):
        mixture(root, "a b", (1.0, 0.001))


def test_a_folder_may_be_named_like_a_mixture(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine@home").symlink_to(root / "a")
    assert len(Mixture(corpus_shares(["mine@home"]))) == 10


@given(st.integers(1, 10_000), st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8))
def test_apportioned_samples_are_the_quotas_rounded(total, weights):
    counts = apportion(total, weights)
    assert sum(counts) == total
    quotas = total * np.array(weights) / sum(weights)
    assert (np.abs(counts - quotas) < 1 + 1e-6).all()


@settings(max_examples=20)
@given(st.integers(1, 9), st.integers(1, 30), st.integers(0, 5), st.integers(0, 9))
def test_parts_visit_all_records_before_any_a_second_time(size, samples, seed, number):
    part = EpochPart(100, size, samples)
    order = part.order(seed, number)
    visits = [part.record(epoch, visit, order) for epoch in range(4) for visit in range(samples)]
    for start in range(0, len(visits) - size + 1, size):
        assert sorted(visits[start : start + size]) == list(range(100, 100 + size))
