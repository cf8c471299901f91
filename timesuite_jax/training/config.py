"""The fields of a config's `training` section.

A config file sets them in a `ConfigDict` (usually `config.training`). `TrainingSpec.from_config` checks it: a misspelt
key or a value of the wrong type is an error that names the key, never silently replaced by a default.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax import config_spec
from timesuite_jax.errors import UserError
from timesuite_jax.parallel import MeshSpec


@dataclasses.dataclass(frozen=True)
class OptimizerSpec:
    """AdamW and its schedule; the defaults are VideoChat-T's, except for clipping, which the original leaves out."""

    learning_rate: float = 2e-5  # the peak
    warmup_steps: float = 0.0  # may be fractional: the original counts in epochs
    min_lr_ratio: float = 0.0  # minimum of the rate, warm-up included, as a fraction of the peak
    b1: float = 0.9
    b2: float = 0.999
    eps: float = 1e-8
    eps_hat: bool = False  # eps is added before the bias correction, as in TensorFlow 1
    weight_decay: float = 0.02  # on matrices only, and not on:
    no_decay: tuple[str, ...] = ("bias", "*/bias")  # glob patterns of parameter paths ("vision/pos_embed")
    clip_norm: float | None = 1.0  # global norm of the gradients; None: no clipping

    def __post_init__(self) -> None:
        """Checks bounds.

        Raises:
          UserError: naming the field.
        """
        at_least_0 = ("learning_rate", "warmup_steps", "min_lr_ratio", "b1", "b2", "eps", "weight_decay")
        config_spec.check_least(self, "training.optimizer", dict.fromkeys(at_least_0, 0))
        for name in ("b1", "b2"):
            if getattr(self, name) >= 1:
                raise UserError(f"training.optimizer.{name}={getattr(self, name)} must be below 1")
        if self.clip_norm is not None and self.clip_norm <= 0:
            raise UserError(
                f"training.optimizer.clip_norm={self.clip_norm} must be above 0; set it to None for no clipping"
            )


@dataclasses.dataclass(frozen=True)
class TrainingSpec:
    """One training run."""

    total_steps: int
    seed: int = 0  # of parameters, data order and dropout: the run's only source of randomness
    accumulate: int = 1  # microbatches per step; the gradient is exactly that of the whole batch
    optimizer: OptimizerSpec = OptimizerSpec()
    mesh: MeshSpec = dataclasses.field(default_factory=MeshSpec)
    rules: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # changes to parallel.DEFAULT_RULES
    log_every: int = 50
    eval_every: int = 0  # 0: at the end only
    save_every: int = 1000  # also saved at the end, on SIGTERM and on Ctrl-C
    keep: int = 3  # newest checkpoints that are kept; with 1, a damaged one leaves nothing to fall back to
    best: str = ""  # metric of the evaluations ("validation/ndcg_20"); the checkpoint where it is highest is kept, too
    patience: int = 0  # evaluations in a row without improvement after which the run ends; 0: never
    # Profiles the five steps after this many (5: steps 6 to 10); 0: only on request, see profile.py. Off by default: a
    # capture stops the devices twice and takes seconds to write, which pays off only in long runs.
    profile_at: int = 0
    process_timeout: float = 300.0  # seconds that processes wait for one of them before the run ends and names it

    def __post_init__(self) -> None:
        """Checks bounds.

        Raises:
          UserError: naming the field.
        """
        positive = ("total_steps", "accumulate", "log_every", "save_every", "keep", "process_timeout")
        at_least_0 = ("eval_every", "patience", "profile_at")
        config_spec.check_least(self, "training", {**dict.fromkeys(positive, 1), **dict.fromkeys(at_least_0, 0)})
        if self.patience and not (self.best and self.eval_every):
            raise UserError(
                f"training.patience={self.patience} needs training.best and training.eval_every; set both, or "
                "training.patience=0"
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
