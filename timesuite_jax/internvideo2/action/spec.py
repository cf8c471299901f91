"""Sizes of an InternVideo2 classifier."""

import dataclasses
from typing import Any, Literal, get_args

from timesuite_jax.config_spec import Config, bounded, check_bounds, override
from timesuite_jax.models.vision import InternVideo2Spec

Merge = Literal["proj", "cls_avg1", "cls_avgN", "cls_avg1_proj", "cls_avgN_proj"]
MergeNorm = Literal["kaiming_BN", "LN", "BN"]
MERGES: tuple[str, ...] = get_args(Merge)


@dataclasses.dataclass(frozen=True)
class ActionSpec:
    """An encoder with a head; the defaults are upstream's full fine-tuning of the 1B.

    Attributes:
      vision: the encoder.
      num_classes: outputs of the head; 0: as many as the corpora have names of classes.
      extra_mlp: a residual feed-forward block on the pooled feature, as in upstream's attentive probes.
      merge: what the head reads. "proj" is the pooled feature; "cls_avg1" the class token and the mean of all patches;
        "cls_avgN" the class token and the mean of each frame's patches; with "_proj", the pooled feature, too.
      merge_norm: norm of the tokens that are merged: "kaiming_BN" is a BatchNorm without scale and shift.
      head_dropout: dropout before the head ("fc_drop_rate" upstream).
      init_scale: factor of the head's initial parameters.
    """

    vision: InternVideo2Spec = dataclasses.field(default_factory=InternVideo2Spec)
    num_classes: int = bounded(0, minimum=0)
    extra_mlp: bool = False
    merge: Merge = "proj"
    merge_norm: MergeNorm = "kaiming_BN"
    head_dropout: float = bounded(0.0, minimum=0, below=1)
    init_scale: float = 0.001

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)

    @property
    def merges_tokens(self) -> bool:
        """Whether the head reads tokens beside the pooled feature, or instead of it."""
        return self.merge != "proj"

    @property
    def projects_tokens(self) -> bool:
        """Whether merged tokens are first projected to the width of the pooled feature."""
        return self.merge.startswith("cls_avgN")


def model_spec(config: Config) -> ActionSpec:
    """The model that `config.model` describes: `variant` names the encoder's sizes, other keys replace fields.

    Raises:
      UserError: on an unknown variant or field, or sizes that do not go together.
    """
    changes: dict[str, Any] = {key: config[key] for key in config if key != "variant"}
    base = ActionSpec(vision=InternVideo2Spec.from_variant(str(config.get("variant", "1b"))))
    return override(base, changes, "model")
