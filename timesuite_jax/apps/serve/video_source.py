"""The file of a video that a request names: below a folder, or sent along."""

import base64
import binascii
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from timesuite_jax.apps.serve.api_error import ApiError
from timesuite_jax.errors import UserError

_DATA = "data:"


@contextlib.contextmanager
def video_source(url: str, root: Path | None, max_bytes: int) -> Iterator[Path]:
    """Yields the file of a video; one that was sent is removed afterwards.

    Args:
      url: a path relative to `root`, as it is written there (nothing is decoded), or "data:video/...;base64,...".
      root: folder of the videos; None: only sent ones are accepted.
      max_bytes: of a video that is sent.

    Raises:
      ApiError: there is no such file, it is not below the folder, or what was sent cannot be decoded or is too large.
    """
    if not _is_sent(url):
        yield _find(url, root)
        return
    data = _decode(url, max_bytes)
    with tempfile.TemporaryDirectory(prefix="timesuite-") as folder:
        file = Path(folder) / "video"
        file.write_bytes(data)
        yield file


@contextlib.contextmanager
def without_path(file: Path, url: str) -> Iterator[None]:
    """Replaces the path of a video in errors by what the client calls it: errors do not show where folders are.

    Raises:
      UserError: in place of one that names the path.
    """
    try:
        yield
    except UserError as error:
        name = "that was sent" if _is_sent(url) else url[:200]
        raise UserError(str(error).replace(str(file), name)) from error


def _is_sent(url: str) -> bool:
    return url[: len(_DATA)].lower() == _DATA


def _find(url: str, root: Path | None) -> Path:
    # One sentence for all names: it does not reveal which files there are outside of the folder.
    missing = ApiError(
        404,
        f"there is no video {url[:200]!r}; give a path below the server's folder of videos, without '..', or a "
        "data URL (data:video/mp4;base64,...); other URLs are not fetched",
        code="video_not_found",
        param="messages",
    )
    if root is None or not url or url.startswith(("/", "\\")) or ".." in url.replace("\\", "/").split("/"):
        raise missing
    try:
        top = root.resolve(strict=True)
        file = (top / url).resolve(strict=True)  # follows symbolic links
        if not file.is_relative_to(top) or not file.is_file():
            raise missing
    except (OSError, ValueError):  # no such file, or no possible name
        raise missing from None
    return file


def _decode(url: str, max_bytes: int) -> bytes:
    head, comma, data = url.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise ApiError(400, "the data URL is not base64; send data:video/mp4;base64,...", param="messages")
    if len(data) * 3 // 4 > max_bytes + 2:
        raise too_large(max_bytes)
    try:
        decoded = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        message = "the data URL has characters that are not base64; encode it again"
        raise ApiError(400, message, param="messages") from None
    if len(decoded) > max_bytes:
        raise too_large(max_bytes)
    return decoded


def too_large(max_bytes: int) -> ApiError:
    """The error for a request or a video that is larger than the server accepts."""
    return ApiError(
        413,
        f"the video is larger than {max_bytes / 1e6:g} MB, the most that can be sent; put it into the server's folder "
        "of videos and give its path, or send a smaller one",
        code="too_large",
    )
