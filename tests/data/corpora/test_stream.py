"""A record stream works for any kind of record: position, order, shares, names and counts do not depend on it."""

import pickle

import numpy as np
import pytest

from tests.support.toy_records import (
    ListMixture,
    MakeSpectrum,
    MakeWords,
    Note,
    Signal,
    collate_spectra,
    collate_words,
)
from timesuite_jax.data.corpora import RecordStream, StreamSpec
from timesuite_jax.data.corpora.sample_loader import SampleLoader
from timesuite_jax.data.corpora.stream import NAMED_BATCHES
from timesuite_jax.errors import UserError
from timesuite_jax.training.async_metrics import MAX_LAG

TEXTS = ["a bb ccc", "dddd", "", "ee f ggg h iiii", "j kk", "lll m", "n oo ppp", "q"]


def note_stream(*, mixture=None, batch_size=4, seed=0, process=(0, 1), **changes) -> RecordStream:
    mixture = mixture or ListMixture([Note(f"note-{number}", text) for number, text in enumerate(TEXTS)])
    spec = StreamSpec(batch_size=batch_size, **{"threads": 2, "read_ahead": 4, **changes})
    return RecordStream(
        mixture, MakeWords(4), collate_words, spec, seed=seed, process_index=process[0], process_count=process[1]
    )


def signal_stream(make_sample: MakeSpectrum, mixture: ListMixture, **changes) -> RecordStream:
    spec = StreamSpec(batch_size=2, threads=0, **changes)
    return RecordStream(mixture, make_sample, collate_spectra, spec, seed=1)


def signals() -> ListMixture:
    values = [(1.0, 2.0, 3.0, 4.0), (0.0, 1.0, 0.0, 1.0), (float("nan"),) * 4, (2.0, 2.0, 2.0, 2.0)]
    return ListMixture([Signal(f"signal-{number}", value) for number, value in enumerate(values)], damaged=[3])


def assert_equal(one: dict, other: dict) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.parametrize("options", [{"threads": 0}, {"threads": 3}, {"workers": 1}], ids=str)
def test_batches_and_resume_do_not_depend_on_how_samples_are_made(options):
    plain = note_stream(threads=0)
    states, batches = [], []
    for _ in range(5):
        states.append(plain.get_state())
        batches.append(next(plain))
    stream = note_stream(**options)
    try:
        for start in (3, 0):
            stream.set_state(states[start])
            for expected in batches[start:]:
                assert_equal(next(stream), expected)
    finally:
        stream.close()


def test_an_epoch_has_every_record_once():
    stream = note_stream()
    epochs = [np.concatenate([next(stream)["sample"], next(stream)["sample"]]).tolist() for _ in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(8))] * 2 and epochs[0] != epochs[1]
    stream.close()


@pytest.mark.parametrize(
    ("before", "taken", "after"), [(4, 3, 8), (4, 1, 3), (3, 5, 2), (5, 3, 7), (2, 7, 6), (6, 4, 5)]
)
@pytest.mark.parametrize("options", [{"threads": 0}, {"threads": 2}], ids=str)
def test_the_order_of_samples_does_not_depend_on_the_batch_size(before, taken, after, options):
    one = note_stream(batch_size=1, threads=0)
    first, second = note_stream(batch_size=before, **options), note_stream(batch_size=after, **options)
    found = [number for _ in range(taken) for number in next(first)["sample"].tolist()]
    next(second)  # a position in the middle of what is read ahead
    second.set_state(first.get_state())
    found += [number for _ in range(4) for number in next(second)["sample"].tolist()]
    assert found == [int(next(one)["sample"][0]) for _ in found]
    assert second.get_state()["global_next_index"] == len(found)
    third = note_stream(batch_size=before, **options)
    third.set_state(second.get_state())
    assert next(third)["sample"].tolist() == [int(next(one)["sample"][0]) for _ in range(before)]
    for stream in (first, second, third):
        stream.close()


def test_processes_share_batches_of_another_size():
    saved = note_stream(batch_size=4, threads=0)
    next(saved)
    streams = [note_stream(batch_size=6, process=process, threads=0) for process in ((0, 1), (0, 2), (1, 2))]
    for stream in streams:
        stream.set_state(saved.get_state())
    for _ in range(3):
        whole, *parts = (next(stream)["sample"].tolist() for stream in streams)
        assert [*parts[0], *parts[1]] == whole
    assert len({stream.get_state()["global_next_index"] for stream in streams}) == 1


def test_processes_share_the_global_batch():
    whole = next(note_stream(threads=0))
    parts = [next(note_stream(threads=0, process=(index, 2))) for index in range(2)]
    assert_equal({key: np.concatenate([part[key] for part in parts]) for key in whole}, whole)
    with pytest.raises(UserError, match=r"batch_size=4 is not a multiple of the 3 processes"):
        note_stream(process=(0, 3))


def test_dropped_and_cut_samples_are_counted():
    stream = note_stream(threads=0, shuffle=False, mixture=None)
    batch = next(stream)
    assert batch["valid"].tolist() == [True, True, False, True]
    assert stream.report() == {
        "list": {"used": 3, "dropped": 1, "cuts": {"words": 1}, "reasons": {"note-2": "has no words"}}
    }


def test_names_of_batches_in_flight_need_no_reading():
    mixture = ListMixture([Note(f"note-{number}", text) for number, text in enumerate(TEXTS)], damaged=[1])
    stream = note_stream(mixture=mixture, threads=0, batch_size=2, shuffle=False)
    batches = [next(stream) for _ in range(4)]
    reads = sum(mixture.reads)
    stream.set_state(stream.get_state())  # as a restart of the workers does
    names = [stream.sample_names(batch) for batch in batches]
    assert names[0] == ["note-0", "list, unreadable record 1"] and names[3] == ["note-6", "note-7"]
    assert sum(mixture.reads) == reads
    assert note_stream(threads=0).sample_names(batches[3]) == ["list, record 6", "list, record 7"]


def test_names_are_kept_for_all_batches_that_the_loop_has_in_flight():
    assert NAMED_BATCHES > MAX_LAG + 1


def test_the_cache_prepares_each_record_once_and_changes_nothing():
    plain, cached, mixture = MakeSpectrum(), MakeSpectrum(), signals()
    reference = signal_stream(plain, signals())
    stream = signal_stream(cached, mixture, cache_decoded=True)
    for _ in range(6):
        assert_equal(next(stream), next(reference))
    assert stream.report() == reference.report() and stream.report()["list"]["reasons"] == {
        "signal-2": "signal signal-2 is not finite",
        "list, unreadable record 3": "record 3 fails its checksum",
    }
    assert sorted(name for name in cached.prepared if name != "signal-2") == ["signal-0", "signal-1"]
    assert mixture.reads[:2] == [1, 1] and len(plain.prepared) == 9
    with pytest.raises(UserError, match=r"cache_decoded=True needs data.workers=0, not 2"):
        StreamSpec(batch_size=1, cache_decoded=True, workers=2)


def test_loaders_can_be_pickled():
    loader = SampleLoader(signals(), MakeSpectrum(), 0, cache=False)
    again = pickle.loads(pickle.dumps(loader))
    np.testing.assert_array_equal(again((5, 0)).sample.values, loader((5, 0)).sample.values)


def test_records_that_cannot_be_used_at_all_are_an_error():
    stream = note_stream(mixture=ListMixture([Note(f"note-{number}", "") for number in range(8)]), threads=0)
    next(stream)
    with pytest.raises(UserError, match=r"none of the first 8 samples .* has no words"):
        next(stream)


def test_errors_of_the_program_are_raised():
    stream = note_stream(mixture=ListMixture([Note("note-0", None)] * 8))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        next(stream)
    stream.close()
