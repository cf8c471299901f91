"""Measures memory growth in a process of its own, and prints it as JSON.

    python -m tests.support.run_memory decodes 10000 [VIDEO ...]
    python -m tests.support.run_memory saves 200 --mib 384

Decodes cycle through the given videos, or through small ones, some of them damaged: a decoder may leak on success and
on failure.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

PAGE_TABLE = Path("/proc/self/status")


def resident(peak: bool = False) -> float:
    """Memory of this process now, or its peak since `reset_peak`, MiB."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    (line,) = (line for line in PAGE_TABLE.read_text().splitlines() if line.startswith(wanted))
    return int(line.split()[1]) / 1024


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def slope(sizes: Sequence[float]) -> float:
    """Growth per measurement, by linear regression on the last three quarters: the first quarter fills caches."""
    later = np.asarray(sizes[len(sizes) // 4 :])
    return float(np.polyfit(np.arange(len(later)), later, 1)[0])


def decodes(count: int, videos: Sequence[Path]) -> dict[str, Any]:
    from tests.support import sample_videos
    from timesuite_jax.media import SamplingSpec, VideoError, sample_video

    video = sample_videos.numbered_video()
    sources = list(videos) or [
        video,
        sample_videos.numbered_video(40, rate=8),
        sample_videos.timestamped_video(range(20)),
        sample_videos.truncated(video, index_first=True),
        sample_videos.truncated(video, index_first=False),
        sample_videos.audio_only(),
    ]
    sizes, failed, every = [], 0, max(1, count // 100)
    for number in range(count):
        try:
            sample_video(sources[number % len(sources)], SamplingSpec(8), resize=lambda height, width: (32, 32))
        except VideoError:
            failed += 1
        if number % every == 0:
            sizes.append(resident())
    return {"decodes": count, "failed": failed, "mib": sizes[-1], "mib_per_1000": slope(sizes) * 1000 / every}


def saves(count: int, mib: int) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from timesuite_jax.checkpoints import malloc_tuning
    from timesuite_jax.checkpoints.manager import Checkpoints
    from timesuite_jax.checkpoints.retry import RetryingSaver
    from timesuite_jax.checkpoints.train_state import TrainState

    malloc_tuning.limit_malloc_arenas()  # as `timesuite train` does
    # Parameters and Adam's two moments, in arrays of 4 MiB.
    names = [f"layer_{number}" for number in range(mib // 12)]
    rng = jax.random.key(0)
    params, mu, nu = ({name: jax.random.normal(rng, (1 << 20,)) for name in names} for _ in range(3))
    # As in training, a step computes the next state while one is saved.
    step = jax.jit(lambda state: jax.tree.map(lambda leaf: leaf + 1, state), donate_argnums=0)
    state = step(TrainState(step=jnp.int32(0), params=params, opt_state={"mu": mu, "nu": nu}))
    jax.block_until_ready(state)
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(state)) / (1 << 20)
    sizes, peaks = [], []
    with tempfile.TemporaryDirectory() as workdir, Checkpoints(workdir, keep=1) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        malloc_tuning.after_save()  # memory that is already free must not count as used before
        before = resident()
        for number in range(count):
            reset_peak()
            saver.save(number, state, {})
            state = jax.block_until_ready(step(state))
            checkpoints.wait()
            peaks.append(resident(peak=True))
            sizes.append(resident())
        assert checkpoints.steps() == [count - 1]
    return {
        "saves": count,
        "state_mib": size,
        "before_mib": before,
        "peak_over_state": (max(peaks) - before) / size,
        "usual_peak_over_state": (float(np.median(peaks)) - before) / size,
        "mib_per_100": slope(sizes) * 100,
    }


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["decodes", "saves"])
    parser.add_argument("count", type=int)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--mib", type=int, default=64)
    options = parser.parse_args(argv)
    measured = (
        decodes(options.count, options.videos) if options.what == "decodes" else saves(options.count, options.mib)
    )
    print(json.dumps(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
