"""The compiled step."""

import jax
import pytest

from tests.support.toy_task import ToyTask, toy_spec
from timesuite_jax import parallel, training
from timesuite_jax.training.program import make_program


def test_the_step_is_compiled_with_the_options_of_its_platform(monkeypatch):
    platforms = []
    monkeypatch.setattr(
        parallel, "compiler_options", lambda platform: platforms.append(platform) or {"xla_no_such": True}
    )
    program = make_program(ToyTask(), training.TrainingSpec(total_steps=1), parallel.make_mesh())
    key = jax.random.key(0)
    batch = {name: jax.numpy.asarray(array) for name, array in ToyTask().abstract_batch().items()}
    with pytest.raises(jax.errors.JaxRuntimeError, match="xla_no_such"):
        program.step.lower(program.state, program.frozen, batch, key).compile()
    assert platforms == ["cpu"]


class Counted(ToyTask):
    """Counts how often its loss is traced."""

    traced = 0

    def loss(self, *args):
        self.traced += 1
        return super().loss(*args)


def test_each_batch_shape_is_compiled_once(tmp_path):
    """Though the loop compiles before it calls the step, so that a signal need not wait for the compiler."""
    task, compiled = Counted(), []

    def train_data(**where):
        data = ToyTask.train_data(task, **where)
        short, long = data.__class__, type("Longer", (data.__class__,), {})
        long.__next__ = lambda self: {
            name: rows.repeat(1 + self.position // 16 % 2, axis=0) for name, rows in short.__next__(self).items()
        }
        data.__class__ = long
        return data

    def note(event: str, _: float, fun_name: str = "", **more) -> None:
        if event.endswith("backend_compile_duration") and fun_name == "jit(step)":
            compiled.append(fun_name)

    task.train_data = train_data
    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        training.run(task, toy_spec(total_steps=3, eval_every=0), tmp_path)
    finally:
        jax.monitoring.unregister_event_duration_listener(note)
    assert task.traced == len(compiled) == 2
