"""A Hugging Face model folder: shards with an index, or one file; safetensors is preferred to PyTorch's own format."""

import glob
import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.open_file import open_file
from timesuite_jax.port.files.source import Source, TensorInfo

INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SINGLE = ("model.safetensors", "pytorch_model.bin")


class HfFolder:
    """All shards of a folder as one source.

    Raises:
      UserError: if the folder has no weights, or its index and its shards disagree.
    """

    def __init__(self, path: Path):
        self.name = str(path)
        self._shards: dict[str, Source] = {}
        index = next((path / name for name in INDEXES if (path / name).is_file()), None)
        if index is None:
            single = next((path / name for name in SINGLE if (path / name).is_file()), None)
            if single is None:
                raise UserError(f"{path} contains none of {', '.join((*INDEXES, *SINGLE))}; give the model's folder")
            shard = open_file(single)
            self._shards = dict.fromkeys(shard.infos, shard)
        else:
            weight_map = _weight_map(index)
            for file in sorted(set(weight_map.values())):
                if not (path / file).is_file():
                    packed = next((other.name for other in path.glob(f"{glob.escape(file)}.*")), None)
                    remedy = f"decompress {packed}" if packed else "download it"
                    raise UserError(f"{index} lists the shard {file}, which does not exist; {remedy}")
                shard = open_file(path / file)
                listed = {key for key, shard_of_key in weight_map.items() if shard_of_key == file}
                if set(shard.infos) != listed:
                    odd = sorted(set(shard.infos) ^ listed)
                    raise UserError(f"{path / file} and the index disagree on {len(odd)} tensors, e.g. {odd[0]!r}")
                self._shards |= dict.fromkeys(listed, shard)
        self.infos: dict[str, TensorInfo] = {key: shard.infos[key] for key, shard in self._shards.items()}

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The tensor under `key`, mapped from its shard."""
        return self._shards[key].read(key)


def _weight_map(index: Path) -> dict[str, str]:
    try:
        content: Any = json.loads(index.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{index} is not valid JSON ({error}); download it again") from error
    weight_map = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(weight_map, dict) or not weight_map:
        raise UserError(f"{index} has no weight_map; download it again")
    for key, file in weight_map.items():
        # Shards are in the folder of the index: a name with folders would let an index read any file.
        if not isinstance(file, str) or Path(file).name != file:
            raise UserError(f"{index} maps {key!r} to {file!r}; a shard must be a plain file name")
    return weight_map
