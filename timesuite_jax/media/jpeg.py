"""Sampled frames as JPEG: what records hold when videos are too long to be decoded during training."""

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from timesuite_jax.media.decode import Resize
from timesuite_jax.media.video_error import VideoError

DEFAULT_QUALITY = 90


def encode_jpeg(frame: UInt8[np.ndarray, "H W 3"], *, quality: int = DEFAULT_QUALITY) -> bytes:
    """Encodes one RGB frame."""
    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=quality)
    return out.getvalue()


def decode_jpegs(images: list[bytes], *, name: str, resize: Resize | None = None) -> UInt8[np.ndarray, "T H W 3"]:
    """Decodes RGB frames of one size, resized (antialiased bicubic) to what `resize` says.

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
                name, f"has a damaged stored frame: number {number} of {len(images)}", "build its record again"
            ) from error
    return np.stack(frames)
