"""tensorflow-datasets opens a corpus and reads its records, without TensorFlow."""

import numpy as np
import tensorflow_datasets as tfds

from tests.support.records import record
from timesuite_jax.data.corpora import CorpusWriter, TFRecordSource, audit
from timesuite_jax.data.corpora.record import example_class


def test_a_corpus_is_a_standard_data_set(tmp_path):
    frames = {"video": None, "frames": (b"jpeg0", b"jpeg1"), "frame_times": (0.5, 1.7), "clip": None}
    records = [record(0), record(1, **frames), record(2, span_turns=(1, 0))]
    CorpusWriter(tmp_path / "c", "my-corpus").write([records[:2], records[2:]])
    builder = tfds.builder_from_directory(tmp_path / "c/tfds")
    split = builder.info.splits["train"]
    assert builder.info.name == "my-corpus" and split.num_examples == 3 and split.shard_lengths == [2, 1]
    source = TFRecordSource(split.filepaths)
    features = builder.info.features
    read = [features.deserialize_example_np(source[number]) for number in range(3)]
    assert [one["id"] for one in read] == [b"c/0", b"c/1", b"c/2"] and read[0]["video"][0] == b"\x00\x01mp4"
    assert list(read[1]["frames"]) == [b"jpeg0", b"jpeg1"] and read[1]["video"] is None
    np.testing.assert_allclose(read[2]["spans"], [1.2, 3.4, 5.6, 7.0], rtol=1e-6)
    written = {name for n in range(3) for name in example_class().FromString(source[n]).features.feature}
    assert written <= set(features), "every feature is described"


def test_its_files_are_no_corpus_of_their_own(tmp_path):
    (tmp_path / "all").mkdir()
    video = b"no video"
    CorpusWriter(tmp_path / "all/c", "c").write([[record(video=video)]])
    report = audit([tmp_path / "all"], quiet=True)
    assert report.records == 1 and not report.not_checked
