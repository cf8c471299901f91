"""Mixup (arXiv:1710.09412) and CutMix (arXiv:1905.04899) of clips, as timm's `Mixup` in mode "batch".

One way and one proportion are drawn for the whole batch, and each clip is mixed with its counterpart from the other end
of it. That is done in the training step, on the batch of all devices and processes, so that the same seed gives the
same clips on any mesh; on the hosts, clips could only be mixed with those of the same process.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.training import streams


@dataclasses.dataclass(frozen=True)
class MixingSpec:
    """How clips are mixed; the defaults are upstream's for fine-tuning.

    Attributes:
      mixup: both parameters of the Beta distribution of the proportion in mixup; 0: no mixup.
      cutmix: the same of CutMix.
      probability: with which a batch is mixed at all.
      cutmix_probability: with which it is CutMix, where both are possible.
    """

    mixup: float = bounded(0.8, minimum=0)
    cutmix: float = bounded(1.0, minimum=0)
    probability: float = bounded(1.0, minimum=0, maximum=1)
    cutmix_probability: float = bounded(0.5, minimum=0, maximum=1)

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)

    @property
    def mixes(self) -> bool:
        """Whether any batch is mixed."""
        return self.probability > 0 and (self.mixup > 0 or self.cutmix > 0)


def mix(
    spec: MixingSpec,
    frames: Float[Array, "B F H W 3"],
    targets: Float[Array, "B V"],
    valid: Bool[Array, " B"],
    rng: PRNGKeyArray,
) -> tuple[Float[Array, "B F H W 3"], Float[Array, "B V"]]:
    """Mixes each clip, and its target, with its counterpart; a clip whose counterpart is not valid stays as it is.

    Args:
      spec: how.
      frames: normalised.
      targets: probabilities of the classes.
      valid: clips that are not empty rows.
      rng: of this batch.
    """
    if not spec.mixes:
        return frames, targets
    kept, share = _draw(spec, frames.shape[2:4], rng)
    pair = valid & jnp.flip(valid)
    kept = jnp.where(pair[:, None, None], kept[None], 1.0).astype(frames.dtype)
    share = jnp.where(pair, share, 1.0)
    kept = jnp.broadcast_to(kept[:, None, :, :, None], frames.shape)
    share = jnp.broadcast_to(share[:, None], targets.shape)
    return _blend(frames, kept), _blend(targets, share)


def _blend(values: Float[Array, "B ..."], kept: Float[Array, "B ..."]) -> Float[Array, "B ..."]:
    return values * kept + jnp.flip(values, axis=0) * (1.0 - kept)


def _draw(spec: MixingSpec, size: tuple[int, ...], rng: PRNGKeyArray) -> tuple[Float[Array, "H W"], Float[Array, ""]]:
    """The weight of the clip itself at each pixel, and in the target."""
    keys = streams(rng, "mixed", "cutmix", "mixup_share", "cutmix_share", "place")
    cuts = jax.random.bernoulli(keys["cutmix"], spec.cutmix_probability)
    cuts = cuts if spec.mixup > 0 and spec.cutmix > 0 else jnp.asarray(spec.cutmix > 0)
    one = jnp.float32(1.0)
    blended = jax.random.beta(keys["mixup_share"], spec.mixup, spec.mixup) if spec.mixup > 0 else one
    uncut = jax.random.beta(keys["cutmix_share"], spec.cutmix, spec.cutmix) if spec.cutmix > 0 else one
    outside = 1.0 - _box(uncut, size, keys["place"])
    kept = jnp.where(cuts, outside, blended)
    share = jnp.where(cuts, jnp.mean(outside), blended)  # of the box as it was clipped
    mixed = jax.random.bernoulli(keys["mixed"], spec.probability)
    return jnp.where(mixed, kept, 1.0), jnp.where(mixed, share, 1.0)


def _box(uncut: Float[Array, ""], size: tuple[int, ...], rng: PRNGKeyArray) -> Float[Array, "H W"]:
    """1 within a box around a random pixel, clipped at the borders; its sides are those of a part `1 - uncut`."""
    centre = jax.random.uniform(rng, (2,))
    inside = []
    for axis, length in enumerate(size):
        middle = jnp.floor(centre[axis] * length)
        half = jnp.floor(jnp.floor(length * jnp.sqrt(1.0 - uncut)) / 2.0)
        pixel = jnp.arange(length, dtype=jnp.float32)
        inside.append((pixel >= middle - half) & (pixel < middle + half))
    return jnp.einsum("H,W->HW", *(side.astype(jnp.float32) for side in inside))
