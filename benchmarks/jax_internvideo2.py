"""This project's side of the comparisons of InternVideo2: the encoder, and the steps of `timesuite train`."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from internvideo2_workload import (
    BETAS,
    CLASSES,
    CLIP_NORM,
    EPS,
    LABEL_SMOOTHING,
    LEARNING_RATE,
    SEED,
    WEIGHT_DECAY,
    Encoder,
    Sizes,
    make_batch,
    weight,
)

from timesuite_jax import parallel, param_tree
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.internvideo2.action import port as action
from timesuite_jax.internvideo2.action.task import ActionTask
from timesuite_jax.internvideo2.stage1 import port as stage1
from timesuite_jax.internvideo2.stage1.task import PretrainTask
from timesuite_jax.layers import unbox
from timesuite_jax.models.vision import InternVideo2Encoder
from timesuite_jax.port import ModelPort
from timesuite_jax.training import Task, TrainingSpec, randomness, streams
from timesuite_jax.training.program import make_program

NO_DECAY = ("*cls_token", "*positions/*")
UNUSED = {"corpora": ("unused",)}  # batches are made by the workload


def _encoder(encoder: Encoder, sizes: Sizes, frames: int, dtype: str) -> dict[str, Any]:
    return {
        **dataclasses.asdict(encoder),
        "mlp_hidden": 4 * encoder.width,
        "num_frames": frames,
        "image_size": sizes.image,
        "patch_size": sizes.patch,
        "dtype": dtype,
    }


def _student(sizes: Sizes, dtype: str) -> dict[str, Any]:
    # On CPU, where memory is compared too, as the configs of fine-tuning and distillation; without effect on inference.
    remat = "dots" if jax.default_backend() == "cpu" else "none"
    return {**_pooled(sizes.student, sizes, sizes.frames, dtype), "remat": remat}


def _pooled(encoder: Encoder, sizes: Sizes, frames: int, dtype: str) -> dict[str, Any]:
    pool = {"pool_heads": sizes.pool_heads, "pool_width": sizes.pool_width}
    return {**_encoder(encoder, sizes, frames, dtype), **pool}


def pretraining_task(sizes: Sizes, dtype: str) -> PretrainTask:
    layers = tuple(range(-sizes.layers, 0))
    student = _student(sizes, dtype)
    teacher = _pooled(sizes.teacher, sizes, 1, dtype)
    mae = {**_encoder(sizes.mae_teacher, sizes, 2 * sizes.frames, dtype), "attention_layout": "as_written"}
    mae |= {"pretrained_frames": 2 * sizes.frames, "pretrained_size": sizes.image}
    model = {
        "student": {"variant": "small", **student, "return_layers": layers},
        "teacher": {"variant": "small", **teacher, "return_layers": layers, "param_dtype": dtype},
        "mae_teacher": {"variant": "giant", **mae, "return_layers": layers, "param_dtype": dtype},
        "mae_return_layers": layers,
    }
    data = {**UNUSED, "batch_size": sizes.clips}
    return PretrainTask.from_config({"model": model, "data": data, "mask": {"ratio": sizes.ratio}})


def finetuning_task(sizes: Sizes, dtype: str) -> ActionTask:
    vision = _student(sizes, dtype)
    return ActionTask.from_config(
        {
            "model": {"variant": "small", "num_classes": CLASSES, "vision": vision},
            "data": {**UNUSED, "batch_size": sizes.clips},
            "mixing": {"probability": 0.0},  # the other side cannot draw the same mixtures
            "label_smoothing": LABEL_SMOOTHING,
        }
    )


def parameters(task: Task, port: ModelPort) -> dict[str, Any]:
    """Returns the workload's weights as a parameter tree."""
    leaves = dict(param_tree.leaves_with_paths(unbox(task.abstract_params())))
    table = port.table_for_tree({"/".join(path): leaf.shape for path, leaf in leaves.items()})
    tensors = {}
    for name, entry in table.entries.items():
        shape = leaves[entry.path].shape
        tensors[name] = weight(name, entry.layout.torch_shape(shape if entry.layer is None else shape[1:]))
    tree = table.to_tree(tensors)
    return param_tree.from_paths(
        {path: leaf.astype(leaves[path].dtype) for path, leaf in param_tree.leaves_with_paths(tree)}
    )


def mask_noise(sizes: Sizes, steps: int) -> np.ndarray:
    """Returns the noise [steps, n, F, patches] that draws the masks of the first steps."""
    root = randomness.root(SEED, "train")
    keys = [jax.random.fold_in(jax.random.fold_in(root, step), 0) for step in range(steps)]
    shape = (sizes.clips, sizes.frames, sizes.patches)
    return np.stack([jax.random.gumbel(streams(key, "mask")["mask"], shape, jnp.float32) for key in keys])


def model_flops(sizes: Sizes, dtype: str) -> dict[str, float]:
    """Returns the floating-point operations of each measured task, as matrix products."""
    pretraining, finetuning = pretraining_task(sizes, dtype).config, finetuning_task(sizes, dtype).config
    forward = sizes.clips * finetuning.model.vision.flops
    pretrain = sizes.clips * pretraining.model.training_flops(pretraining.visible)
    return {"encode": forward, "pretrain": pretrain, "finetune": 3 * forward}


class Trainer:
    """The state of a run on one device, and its steps, as in `training.run`."""

    def __init__(self, task: Task, port: ModelPort, batch: Mapping[str, np.ndarray]):
        optimizer = {
            "learning_rate": LEARNING_RATE, "min_lr_ratio": 1.0, "b1": BETAS[0], "b2": BETAS[1], "eps": EPS,
            "weight_decay": WEIGHT_DECAY, "no_decay": NO_DECAY, "clip_norm": CLIP_NORM,
        }  # fmt: skip
        spec = TrainingSpec.from_config({"total_steps": 10**6, "optimizer": optimizer})
        mesh = parallel.make_mesh(spec.mesh, jax.devices()[:1])
        self.program = program = make_program(task, spec, mesh)
        trained, frozen = param_tree.split(parameters(task, port), task.trainable)
        state = TrainState(step=jnp.zeros((), jnp.int32), params=trained, opt_state=program.optimizer.init(trained))
        self.state = jax.device_put(state, jax.tree.map(lambda leaf: leaf.sharding, program.state))
        self.frozen = jax.device_put(frozen, jax.tree.map(lambda leaf: leaf.sharding, program.frozen))
        self.rng = jax.device_put(randomness.root(SEED, "train"), program.state.step.sharding)
        self.batch = parallel.put_batch(dict(batch), parallel.batch_sharding(mesh, program.rules))

    def step(self) -> tuple[float, float]:
        """Updates the parameters; returns the loss and the norm of the gradient before."""
        with parallel.mesh_context(self.program.mesh, self.program.rules):
            self.state, (metrics, _) = self.program.step(self.state, self.frozen, self.batch, self.rng)
        loss, norm = (np.asarray(metrics[name]) for name in ("loss", "grad_norm"))
        return float(loss[0] / loss[1]), float(norm[0])


def tasks(sizes: Sizes, dtype: str = "float32") -> dict[str, Callable[[], Any]]:
    """Returns the measured tasks by name; each call runs one repetition and returns the values that are compared."""
    batch = make_batch(sizes)
    few = {**batch, "frames": batch["frames"][:, ::2]}

    # Built when they are first used, so that a process has the memory of one.
    @functools.cache
    def encoder() -> Callable[[], tuple[jax.Array, jax.Array]]:
        task = finetuning_task(sizes, dtype)
        spec = task.config.model.vision
        params, frames = jax.device_put((parameters(task, action.PORT)["vision"], few["frames"]))

        @jax.jit
        def run(params: Any, frames: jax.Array) -> tuple[jax.Array, jax.Array]:
            tokens, aux = InternVideo2Encoder(spec).apply({"params": params}, spec.normalise(frames))
            norms = (optax.tree.norm(x.astype(jnp.float32)) for x in (tokens, aux["pooled"]))
            return tuple(norms)

        return functools.partial(run, params, frames)

    pretraining = functools.cache(lambda: Trainer(pretraining_task(sizes, dtype), stage1.PORT, batch))
    finetuning = functools.cache(lambda: Trainer(finetuning_task(sizes, dtype), action.PORT, few))
    return {
        "flops": lambda: model_flops(sizes, dtype),
        "noise": lambda: mask_noise(sizes, 2),
        "encode": lambda: tuple(float(norm) for norm in encoder()()),
        "pretrain": lambda: pretraining().step(),
        "finetune": lambda: finetuning().step(),
    }
