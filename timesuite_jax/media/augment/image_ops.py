"""The operations of RandAugment: how a magnitude becomes an argument, and how Pillow applies it to a frame.

Magnitudes are 0 to 10. Semantics are those of timm 0.5's `auto_augment.py`; "increasing" operations change a frame more
the larger the magnitude is, the others of the same name may change it less.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

MAX_LEVEL = 10.0
FILL = (128, 128, 128)  # of pixels from outside the frame
_RESAMPLE = Image.Resampling.BICUBIC
_POSTERIZED, _ADDED, _SOLARIZED_BELOW = 4, 110, 128


@dataclass(frozen=True)
class ImageOp:
    """An operation.

    Attributes:
      argument: a magnitude to the operation's argument; draws its sign if it has one.
      apply: a frame and the argument to the changed frame.
    """

    argument: Callable[[float, np.random.Generator], float]
    apply: Callable[[Image.Image, float], Image.Image]


def _signed(largest: float, base: float = 0.0) -> Callable[[float, np.random.Generator], float]:
    return lambda level, rng: base + level / MAX_LEVEL * largest * (-1 if rng.random() > 0.5 else 1)


def _none(level: float, rng: np.random.Generator) -> float:
    return 0.0


def _factor(level: float, rng: np.random.Generator) -> float:
    return level / MAX_LEVEL * 1.8 + 0.1


def _count(largest: int) -> Callable[[float, np.random.Generator], float]:
    return lambda level, rng: int(level / MAX_LEVEL * largest)


def _count_down(largest: int) -> Callable[[float, np.random.Generator], float]:
    return lambda level, rng: largest - int(level / MAX_LEVEL * largest)


def _affine(image: Image.Image, matrix: tuple[float, ...]) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, matrix, resample=_RESAMPLE, fillcolor=FILL)


def _solarize_add(image: Image.Image, added: float) -> Image.Image:
    table = [min(255, value + int(added)) if value < _SOLARIZED_BELOW else value for value in range(256)]
    return image.point(table * 3)


_AUTO_CONTRAST = ImageOp(_none, lambda image, _: ImageOps.autocontrast(image))
_EQUALIZE = ImageOp(_none, lambda image, _: ImageOps.equalize(image))
_INVERT = ImageOp(_none, lambda image, _: ImageOps.invert(image))
_ROTATE = ImageOp(_signed(30), lambda image, angle: image.rotate(angle, resample=_RESAMPLE, fillcolor=FILL))
_SHEAR_X = ImageOp(_signed(0.3), lambda image, factor: _affine(image, (1, factor, 0, 0, 1, 0)))
_SHEAR_Y = ImageOp(_signed(0.3), lambda image, factor: _affine(image, (1, 0, 0, factor, 1, 0)))
_TRANSLATE_X = ImageOp(_signed(0.45), lambda image, share: _affine(image, (1, 0, share * image.width, 0, 1, 0)))
_TRANSLATE_Y = ImageOp(_signed(0.45), lambda image, share: _affine(image, (1, 0, 0, 0, 1, share * image.height)))
_SOLARIZE_ADD = ImageOp(_count(_ADDED), _solarize_add)


def _posterize(image: Image.Image, bits: float) -> Image.Image:
    dropped = 2 ** (8 - int(bits)) - 1  # Pillow's own operation accepts no 0 bits
    return image.point([value & ~dropped for value in range(256)] * 3)


def _solarize(image: Image.Image, threshold: float) -> Image.Image:
    return ImageOps.solarize(image, int(threshold))


def _enhance(kind: Callable[[Image.Image], Any]) -> Callable[[Image.Image, float], Image.Image]:
    return lambda image, factor: kind(image).enhance(factor)


def _table(
    posterize: Callable[[float, np.random.Generator], float],
    solarize: Callable[[float, np.random.Generator], float],
    factor: Callable[[float, np.random.Generator], float],
) -> dict[str, ImageOp]:
    """The operations in timm's order, with the three arguments in which "increasing" ones differ."""
    return {
        "auto_contrast": _AUTO_CONTRAST,
        "equalize": _EQUALIZE,
        "invert": _INVERT,
        "rotate": _ROTATE,
        "posterize": ImageOp(posterize, _posterize),
        "solarize": ImageOp(solarize, _solarize),
        "solarize_add": _SOLARIZE_ADD,
        "color": ImageOp(factor, _enhance(ImageEnhance.Color)),
        "contrast": ImageOp(factor, _enhance(ImageEnhance.Contrast)),
        "brightness": ImageOp(factor, _enhance(ImageEnhance.Brightness)),
        "sharpness": ImageOp(factor, _enhance(ImageEnhance.Sharpness)),
        "shear_x": _SHEAR_X,
        "shear_y": _SHEAR_Y,
        "translate_x": _TRANSLATE_X,
        "translate_y": _TRANSLATE_Y,
    }


PLAIN_OPS = _table(_count(_POSTERIZED), _count(256), _factor)
INCREASING_OPS = _table(_count_down(_POSTERIZED), _count_down(256), _signed(0.9, base=1.0))
