"""Where the inputs of answers are computed: by the rows of a batch, or by the clips of one long video."""

import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from einops import rearrange
from jax.sharding import NamedSharding
from jaxtyping import Array, Shaped

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.layers import logical_sharding, num_shards
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

# The fields that the model reads; a batch has more (sample names, masks of the loss).
INPUTS = ("frames", "clip_text", "clip_text_mask", "tokens", "visual_slot", "valid")


class Places(NamedTuple):
    """Sharding of a batch: by rows; by the clips of all rows, padded to `filled` clips; or none."""

    rows: NamedSharding | None = None
    clips: NamedSharding | None = None
    filled: int = 0


def count_processes() -> int:
    """Number of processes that the rows of a batch are partitioned over."""
    rows = logical_sharding("batch")
    return 1 if rows is None else parallel.process_shard(rows).count


def choose_places(model: VideoChatT, batch: Mapping[str, Any], processes: int = 1) -> Places:
    """Chooses the sharding: by rows if the mesh's devices divide them, otherwise by clips.

    By clips all devices encode one long video, and none of them holds all its pixels.

    Args:
      model: the model.
      batch: arrays or their shapes.
      processes: number of processes that each pass such a batch.
    """
    rows, (count, clips, frames) = logical_sharding("batch"), batch["frames"].shape[:3]
    if rows is None:
        return Places()
    if count * processes % num_shards("batch") == 0:
        return Places(rows)
    if clips == frames == 1 and model.spec.num_frames > 1:
        return Places()  # images
    return Places(clips=logical_sharding("clip"), filled=model.spec.group_clips(count * clips, num_shards("clip"))[1])


def place_inputs(batch: Mapping[str, Shaped[Array | np.ndarray, "B ..."]], places: Places) -> dict[str, Any]:
    """The fields that the model reads, on the devices of a mesh."""
    inputs: dict[str, Any] = {name: np.asarray(batch[name]) for name in INPUTS}
    if places.rows is not None:
        return parallel.put_batch(inputs, places.rows)
    if places.clips is not None:
        inputs["frames"] = spread_clips(inputs["frames"], places.clips, places.filled)
    return inputs


def fetch(arrays: Any) -> Any:
    """Arrays of one answer on the host, the same in all processes."""
    whole = logical_sharding()
    return jax.device_get(arrays) if whole is None else parallel.local_rows(arrays, whole)


def spread_clips(
    frames: Shaped[np.ndarray, "B K F H W 3"], sharding: NamedSharding, filled: int
) -> Shaped[Array, "filled F H W 3"]:
    """Shards the clips of all rows, padded with zeros, over the devices; every process passes all clips.

    Raises:
      UserError: the clips differ between processes; raised in all of them.
    """
    clips = rearrange(frames, "B K ... -> (B K) ...")
    if jax.process_count() > 1 and len(set(parallel.allgather_strings([str(zlib.crc32(clips.tobytes()))]))) > 1:
        raise UserError(
            "processes passed different videos; pass the same prompts, or a multiple of the number of devices"
        )
    shape = (filled, *clips.shape[1:])

    def part(index: Any) -> Shaped[np.ndarray, "own F H W 3"]:
        first, last, _ = index[0].indices(filled)
        own = clips[first:last]
        return np.concatenate([own, np.zeros((last - first - len(own), *shape[1:]), clips.dtype)])

    return jax.make_array_from_callback(shape, sharding, part)
