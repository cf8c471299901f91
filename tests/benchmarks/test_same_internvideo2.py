"""PyTorch's InternVideo2 and ours compute the same from the same weights, so that comparisons are fair."""

from types import SimpleNamespace

import jax_internvideo2
import pytest
from internvideo2_workload import TINY

torch_internvideo2 = pytest.importorskip("torch_internvideo2")


@pytest.fixture(scope="module")
def sides() -> SimpleNamespace:
    ours = jax_internvideo2.tasks(TINY)
    return SimpleNamespace(ours=ours, theirs=torch_internvideo2.tasks(TINY, ours["noise"]()))


@pytest.mark.parametrize(("task", "steps"), [("encode", 1), ("pretrain", 2), ("finetune", 2)])
def test_both_return_the_same(sides, task, steps):
    """Features, and losses and norms of gradients; the second step depends on all updates of the first."""
    for _ in range(steps):
        assert sides.ours[task]() == pytest.approx(sides.theirs[task](), rel=1e-5)
