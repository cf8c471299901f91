"""Encodes and decodes sampled frames as JPEG, for records of videos too long to decode during training."""

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from timesuite_jax.media.frame_converter import Resize
from timesuite_jax.media.video_error import VideoError

DEFAULT_QUALITY = 90


def encode_jpeg(frame: UInt8[np.ndarray, "H W 3"], *, quality: int = DEFAULT_QUALITY) -> bytes:
    """Encodes one RGB frame as JPEG; `quality` is Pillow's, 1 to 95."""
    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=quality)
    return out.getvalue()


def decode_jpegs(images: list[bytes], *, name: str, resize: Resize | None = None) -> UInt8[np.ndarray, "T H W 3"]:
    """Decodes the JPEG frames of one video, all of one size.

    Args:
      images: encoded frames.
      name: name of the record, for error messages.
      resize: maps the (height, width) of an image to the size to return (antialiased bicubic); None keeps the size.

    Raises:
      VideoError: an image is damaged.
    """
    frames = []
    for number, data in enumerate(images):
        try:
            with Image.open(io.BytesIO(data)) as image:
                image = image.convert("RGB")
                if resize is not None:
                    height, width = resize(image.height, image.width)
                    if (height, width) != (image.height, image.width):
                        image = image.resize((width, height), Image.Resampling.BICUBIC)
                frames.append(np.asarray(image))
        except (UnidentifiedImageError, OSError, ValueError) as error:
            raise VideoError(
                name, f"has a damaged stored frame: number {number} of {len(images)}", "rebuild its record"
            ) from error
    return np.stack(frames)
