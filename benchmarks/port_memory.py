"""Measures the host memory of importing a checkpoint, against a naive import.

    python benchmarks/port_memory.py --gb 2

makes a synthetic Hugging Face folder (Mistral's names and shapes, bf16, files of about 0.5 GB) and imports it by each
method in a separate process:

  shards     `load_into`: directly from memory-mapped files onto a mesh (8 fake devices, parameters split over all)
  orbax      `timesuite port import`: into an Orbax folder, a few leaves at a time
  dictionary naive: all tensors into a dictionary, stacked, then copied to the devices

"peak" is the peak resident memory of the process above that at the start of the import (Linux: the high-water mark of
the kernel, reset before); "kept" is the size of the returned parameters (on CPU devices they are in host memory, on an
accelerator they would not be); "temporary" is the difference: the memory of the import itself, including pages of
mapped files. The result is the temporary memory relative to the model.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import command_line

from timesuite_jax.progress import track

METHODS = ("shards", "orbax", "dictionary")
DEVICES = 8
SHARD = 500e6  # bytes per file of the synthetic folder
WIDTH, HIDDEN, HEADS, KV_HEADS, VOCAB = 2048, 7168, 16, 4, 32000
LLM = "mistral_model.base_model.model."


def abstract_params(gb: float) -> Any:
    """Returns abstract parameters of a VideoChat-T whose language model has about `gb` * 1e9 bytes in bf16."""
    import jax
    import ml_dtypes
    import numpy as np

    from timesuite_jax.models.text import MistralSpec
    from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
    from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

    head = WIDTH // HEADS
    layer = 2 * WIDTH * WIDTH + 2 * WIDTH * KV_HEADS * head + 3 * WIDTH * HIDDEN
    layers = max(1, round((gb * 1e9 / 2 - 2 * WIDTH * VOCAB) / layer))
    mistral = MistralSpec.from_variant(
        "debug", vocab=VOCAB, width=WIDTH, mlp=HIDDEN, layers=layers, heads=HEADS, kv_heads=KV_HEADS, head_width=head
    )
    spec = VideoChatTSpec.from_variant("debug", mistral=mistral)
    shape, size = (1, spec.clips, spec.clip_frames), spec.vision.image_size
    fields = {
        "frames": ((*shape, size, size, 3), np.uint8),
        "clip_text": ((1, spec.clips, 4), np.int32),
        "clip_text_mask": ((1, spec.clips, 4), np.bool_),
        "tokens": ((1, 8), np.int32),
        "visual_slot": ((1, 8), np.int32),
        "valid": ((1, 8), np.bool_),
    }
    batch = {name: jax.ShapeDtypeStruct(*field) for name, field in fields.items()}
    params = jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), batch)["params"]
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, ml_dtypes.bfloat16), params)


def make_files(folder: Path, gb: float) -> int:
    """Writes `folder/mistral` and `folder/rest.safetensors`; returns the number of bytes."""
    import numpy as np
    from flax import linen as nn

    from timesuite_jax import param_tree
    from timesuite_jax.port import TreeSource
    from timesuite_jax.port.files.safetensors import write_safetensors
    from timesuite_jax.registry.ports import PORTS

    leaves = dict(param_tree.leaves_with_paths(nn.meta.unbox(abstract_params(gb))))
    infos = TreeSource(PORTS["videochat_t"], leaves, lambda path: None, "synthetic").infos
    rng = np.random.default_rng(0)

    def write(path: Path, names: dict[str, str]) -> None:
        kinds = {name: infos[key] for name, key in names.items()}
        # Random bits, since real weights are incompressible; without the highest of the exponent, all are finite.
        arrays = (
            (name, np.arange(info.size, dtype=info.dtype).reshape(info.shape))
            if info.dtype.kind == "i"
            else (name, (rng.integers(0, 2**16, info.shape, np.uint16) & 0xBFFF).view(info.dtype))
            for name, info in kinds.items()
        )
        write_safetensors(path, arrays, kinds, {})

    base = {key.removeprefix(LLM): key for key in sorted(infos) if key.startswith(LLM) and "lora" not in key}
    shards: list[dict[str, str]] = [{}]
    filled = 0
    for name, key in base.items():
        if filled > SHARD:
            shards.append({})
            filled = 0
        shards[-1][name] = key
        filled += infos[key].nbytes
    (folder / "mistral").mkdir(parents=True)
    weight_map = {}
    for number, names in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        write(folder / "mistral" / file, names)
        weight_map |= dict.fromkeys(names, file)
    (folder / "mistral/model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    write(folder / "rest.safetensors", {key: key for key in infos if key not in base.values()})
    return sum(info.nbytes for info in infos.values())


def memory(field: str) -> int:
    """Returns a field of /proc/self/status in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def measure(method: str, folder: Path, gb: float) -> dict[str, float]:
    """Imports by one method in this process; returns seconds, peak and kept memory, and the largest leaf and shard."""
    import jax
    import numpy as np

    from timesuite_jax import parallel, param_tree, port
    from timesuite_jax.registry.ports import PORTS

    model = PORTS["videochat_t"]
    layers = port.open_layers(model, [f"mistral={folder / 'mistral'}", str(folder / "rest.safetensors")])
    mesh = parallel.make_mesh(parallel.MeshSpec(data=1, fsdp=DEVICES))
    targets = parallel.abstract_arrays(abstract_params(gb), mesh, parallel.DEFAULT_RULES)
    leaves = [leaf for _, leaf in param_tree.leaves_with_paths(targets)]
    kept, begin, before = None, time.perf_counter(), memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets the high-water mark
    if method == "shards":
        kept = port.load_into(model, targets, layers).params
    elif method == "orbax":
        plan = port.resolve(model, layers, {path: leaf.shape for path, leaf in param_tree.leaves_with_paths(targets)})
        port.write_import(folder / "imported", port.lazy_arrays(plan), plan.report)
    elif method == "dictionary":
        tensors = {name: np.array(layer.source.read(key)) for layer in layers for name, key in layer.keys.items()}
        params = model.table_for_torch({key: tensor.shape for key, tensor in tensors.items()}).to_tree(tensors)
        kept = jax.block_until_ready(jax.tree.map(lambda leaf, to: jax.device_put(leaf, to.sharding), params, targets))
    seconds = time.perf_counter() - begin
    held = sum(shard.data.nbytes for array in jax.tree.leaves(kept) for shard in array.addressable_shards)
    return {
        "seconds": seconds,
        "peak": memory("VmHWM") - before,
        "kept": held,
        "leaf": max(leaf.size * leaf.dtype.itemsize for leaf in leaves),
        "shard": max(np.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize for leaf in leaves).item(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gb", type=float, default=2.0, help="size of the synthetic language model (%(default)s)")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "timesuite_port_memory")
    parser.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.method:
        print(json.dumps(measure(args.method, args.folder, args.gb)))
        return
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={DEVICES}",
        "MALLOC_ARENA_MAX": "2",  # excludes memory that malloc keeps for finished threads
    }
    os.environ |= environment  # make_files uses JAX, too
    shutil.rmtree(args.folder, ignore_errors=True)
    try:
        total = make_files(args.folder, args.gb)
        rows = {}
        for method in track(METHODS, "imports"):
            command = [sys.executable, __file__, "--method", method, "--gb", str(args.gb), "--folder", str(args.folder)]
            done = command_line.run_child(command, env=environment, stdout=subprocess.PIPE)
            rows[method] = json.loads(done.stdout.splitlines()[-1])
    finally:
        shutil.rmtree(args.folder, ignore_errors=True)
    one = rows["shards"]
    print(f"model {total / 1e6:.0f} MB, largest leaf {one['leaf'] / 1e6:.0f} MB, ", end="")
    print(f"largest of {DEVICES} shards {one['shard'] / 1e6:.0f} MB")
    print(f"{'method':<12}{'seconds':>9}{'peak MB':>10}{'kept MB':>10}{'temporary MB':>14}{'temporary / model':>19}")
    for method, row in rows.items():
        temporary = row["peak"] - row["kept"]
        print(
            f"{method:<12}{row['seconds']:>9.1f}{row['peak'] / 1e6:>10.0f}{row['kept'] / 1e6:>10.0f}"
            f"{temporary / 1e6:>14.0f}{temporary / total:>19.2f}"
        )


if __name__ == "__main__":
    command_line.run_main(main)
