"""The fields of a config's `training` section.

A config file sets them in a `ConfigDict` (usually `config.training`). `TrainingSpec.from_config` checks it: a misspelt
key or a value of the wrong type is an error that names the key, never silently replaced by a default.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ml_collections import ConfigDict

from timesuite_jax import config_spec
from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.parallel import MeshSpec


@dataclasses.dataclass(frozen=True)
class OptimizerSpec:
    """AdamW and its schedule; the defaults are VideoChat-T's, except for clipping, which the original leaves out."""

    learning_rate: float = bounded(2e-5, minimum=0)  # the peak
    schedule: Literal["clipped_cosine", "cosine"] = "clipped_cosine"  # see training/schedule.py
    warmup_steps: float = bounded(0.0, minimum=0)  # may be fractional: the original counts in epochs
    warmup_epochs: float = bounded(0.0, minimum=0)  # length of the warm-up in passes over the data, instead of steps
    warmup_start_ratio: float = bounded(0.0, minimum=0)  # first rate of a "cosine" as a fraction of the peak
    min_lr_ratio: float = bounded(0.0, minimum=0)  # minimum of the rate, warm-up included, as a fraction of the peak
    b1: float = bounded(0.9, minimum=0, below=1)
    b2: float = bounded(0.999, minimum=0, below=1)
    eps: float = bounded(1e-8, minimum=0)
    eps_hat: bool = False  # eps is added before the bias correction, as in TensorFlow 1
    weight_decay: float = bounded(0.02, minimum=0)  # on matrices only, and not on:
    no_decay: tuple[str, ...] = ("bias", "*/bias")  # glob patterns of parameter paths ("vision/pos_embed")
    clip_norm: float | None = 1.0  # global norm of the gradients; None: no clipping

    def __post_init__(self) -> None:
        """Rejects a clipping norm that would stop training, and a warm-up that is not defined.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)
        if self.warmup_steps and self.warmup_epochs:
            raise UserError(
                f"training.optimizer.warmup_steps={self.warmup_steps:g} and warmup_epochs={self.warmup_epochs:g} both "
                "set the length of the warm-up; set one of them to 0"
            )
        if self.warmup_start_ratio and self.schedule != "cosine":
            raise UserError(
                f"training.optimizer.warmup_start_ratio={self.warmup_start_ratio:g} has no effect on the schedule "
                f"{self.schedule!r}; set training.optimizer.schedule='cosine', or the ratio to 0"
            )
        if self.clip_norm is not None and self.clip_norm <= 0:
            raise UserError(
                f"training.optimizer.clip_norm={self.clip_norm} must be above 0; set it to None for no clipping"
            )


@dataclasses.dataclass(frozen=True)
class TrainingSpec:
    """One training run."""

    total_steps: int = bounded(0, minimum=0)  # 0: epochs sets the length
    epochs: float = bounded(0.0, minimum=0)  # passes over the training data, whose size determines the steps of each
    seed: int = bounded(0, minimum=0, below=2**32)  # of parameters, data and dropout: the only source of randomness
    accumulate: int = bounded(1, minimum=1)  # microbatches per step; the gradient is exactly that of the whole batch
    optimizer: OptimizerSpec = OptimizerSpec()
    mesh: MeshSpec = dataclasses.field(default_factory=MeshSpec)
    rules: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # changes to parallel.DEFAULT_RULES
    interval: Literal["step", "epoch"] = "step"  # unit of log_every, eval_every and save_every
    log_every: int = bounded(50, minimum=1)
    eval_every: int = bounded(0, minimum=0)  # 0: at the end only
    save_every: int = bounded(1000, minimum=1)  # also saved at the end, on SIGTERM and on Ctrl-C
    keep: int = bounded(3, minimum=1)  # newest checkpoints; with 1, there is no fallback for a damaged one
    best: str = ""  # metric of the evaluations ("validation/ndcg_20"); the checkpoint where it is highest is kept, too
    patience: int = bounded(0, minimum=0)  # evaluations without improvement before the run ends; 0: never
    # Profiles the five steps after this many (5: steps 6 to 10); 0: only on request, see profile.py. Off by default: a
    # capture stops the devices twice and takes seconds to write, which pays off only in long runs.
    profile_at: int = bounded(0, minimum=0)
    process_timeout: float = bounded(300.0, minimum=1)  # seconds to wait for a process before the run ends

    def __post_init__(self) -> None:
        """Rejects a run without a length or with two, and early stopping without a metric or without evaluations.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)
        if not (self.total_steps or self.epochs):
            raise UserError("training.total_steps=0 must be at least 1, unless training.epochs is set; set one of them")
        if self.total_steps and self.epochs:
            raise UserError(
                f"training.total_steps={self.total_steps} and training.epochs={self.epochs:g} both set the length of "
                "the run; set one of them to 0"
            )
        if self.patience and not (self.best and self.eval_every):
            raise UserError(
                f"training.patience={self.patience} needs training.best and training.eval_every; set both, or "
                "training.patience=0"
            )

    def in_steps(self, steps_per_epoch: Callable[[], int]) -> "TrainingSpec":
        """Returns the spec with its length and its intervals in steps.

        Args:
          steps_per_epoch: called where epochs occur; may raise if the data have none.
        """
        optimizer = self.optimizer
        in_steps = self.interval == "step" and self.total_steps and not optimizer.warmup_epochs
        steps = 1 if in_steps else steps_per_epoch()
        unit = steps if self.interval == "epoch" else 1
        if optimizer.warmup_epochs:
            warmup = optimizer.warmup_epochs * steps
            optimizer = dataclasses.replace(optimizer, warmup_steps=warmup, warmup_epochs=0.0)
        return dataclasses.replace(
            self,
            total_steps=self.total_steps or max(1, math.ceil(self.epochs * steps)),
            epochs=0.0,
            interval="step",
            optimizer=optimizer,
            **{name: unit * getattr(self, name) for name in ("log_every", "eval_every", "save_every")},
        )

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | ConfigDict, where: str = "training") -> "TrainingSpec":
        """Builds the spec from a (nested) mapping such as a `ConfigDict`.

        Args:
          config: the fields above; absent ones keep their defaults.
          where: name of the mapping in the config, for error messages.

        Raises:
          UserError: on an unknown key (with the nearest known one), a missing one, or a value of the wrong type.
        """
        return config_spec.build(cls, config.to_dict() if isinstance(config, ConfigDict) else config, where)
