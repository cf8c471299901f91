"""Describes a corpus to tensorflow-datasets, so that other programs read it as a standard data set.

```
tfds.builder_from_directory("FOLDER/tfds").as_dataset(split="train")
```
The folder `tfds` contains `dataset_info.json` and `features.json` of tensorflow-datasets, which name the shards beside
it. Its own format of the first has no place for what the corpus's `dataset_info.json` lists.
"""

from collections.abc import Sequence
from typing import Any

from etils import epath

from timesuite_jax.data.corpora.corpus import write_json
from timesuite_jax.data.corpora.record import SCHEMA_VERSION
from timesuite_jax.data.corpora.shard import ShardSummary

TFDS_FOLDER, FEATURES_NAME = "tfds", "features.json"
_ONE = {"schema": "int64", "id": "string", "corpus": "string", "task": "string", "duration": "float32",
        "source": "string", "source_checksum": "string"}  # fmt: skip
# Features that a record may lack, which are lists of any length to tensorflow-datasets.
_ANY = {"video": "string", "frames": "string", "frame_times": "float32", "media_back": "int64",
        "clip_start": "float32", "clip_end": "float32", "instruction": "string", "turns": "string",
        "spans": "float32", "span_turns": "int64", "label": "int64", "directional": "int64",
        "annotation_checksum": "int64"}  # fmt: skip
_PACKAGE = "tensorflow_datasets.core.features"


def write_tfds_files(folder: epath.Path, name: str, shards: Sequence[ShardSummary]) -> None:
    """Writes the two files.

    Args:
      folder: of the corpus.
      name: of the corpus.
      shards: all of them, in order.

    Raises:
      UserError: they cannot be written.
    """
    split = {
        "name": "train",
        "shardLengths": [str(shard.records) for shard in shards],
        "numBytes": str(sum(shard.bytes for shard in shards)),
        "filepathTemplate": "../{DATASET}-{SHARD_X_OF_Y}.{FILEFORMAT}",
    }
    info = {"name": name, "version": f"{SCHEMA_VERSION}.0.0", "fileFormat": "tfrecord", "splits": [split]}
    features = {
        **{feature: _tensor(dtype, {}) for feature, dtype in _ONE.items()},
        **{feature: _tensor(dtype, {"dimensions": ["-1"]}) for feature, dtype in _ANY.items()},
    }
    described = {
        "type": f"{_PACKAGE}.features_dict.FeaturesDict",
        "content": {"features": features},
        "proto_cls": "tensorflow_datasets.FeaturesDict",
    }
    write_json(folder / TFDS_FOLDER / FEATURES_NAME, described)
    write_json(folder / TFDS_FOLDER / "dataset_info.json", info)


def _tensor(dtype: str, shape: dict[str, Any]) -> dict[str, Any]:
    return {
        "pythonClassName": f"{_PACKAGE}.tensor_feature.Tensor",
        "tensor": {"shape": shape, "dtype": dtype, "encoding": "none"},
    }
