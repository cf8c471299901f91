"""Choice of the blocks of an encoder whose outputs it returns."""

from collections.abc import Sequence

from timesuite_jax.errors import UserError


def layer_numbers(layers: Sequence[int], depth: int) -> tuple[int, ...]:
    """Numbers of blocks, counted from 0; -1 is the last of `depth`."""
    return tuple(number + depth * (number < 0) for number in layers)


def check_layers(layers: Sequence[int], depth: int, where: str) -> None:
    """Checks that blocks exist and ascend, as their outputs do.

    Args:
      layers: numbers of blocks, see `layer_numbers`.
      depth: of the encoder.
      where: name of the encoder in the config, for messages.

    Raises:
      UserError: naming the field.
    """
    numbers = layer_numbers(layers, depth)
    if list(numbers) != sorted(set(numbers)) or any(not 0 <= number < depth for number in numbers):
        raise UserError(
            f"{where}.return_layers={tuple(layers)} must ascend and be within the {where}.depth={depth} blocks; "
            "correct the numbers"
        )
