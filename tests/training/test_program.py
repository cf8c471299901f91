"""What a run compiles."""

import jax
import pytest
from toy_task import ToyTask

from timesuite_jax import parallel, training
from timesuite_jax.training.program import make_program


def test_the_step_is_compiled_as_its_platform_wants_it(monkeypatch):
    asked = []
    monkeypatch.setattr(parallel, "compiler_options", lambda platform: asked.append(platform) or {"xla_no_such": True})
    program = make_program(ToyTask(), training.TrainingSpec(total_steps=1), parallel.make_mesh())
    key = jax.random.key(0)
    batch = {name: jax.numpy.asarray(array) for name, array in ToyTask().blank_batch().items()}
    with pytest.raises(jax.errors.JaxRuntimeError, match="xla_no_such"):
        program.step.lower(program.state, program.frozen, batch, key).compile()
    assert asked == ["cpu"]
