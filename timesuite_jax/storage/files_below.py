"""Lists the files of a folder and its sub-folders, on a disk or in a bucket."""

import posixpath
from collections.abc import Iterator

from etils import epath

from timesuite_jax.storage.remote_path import is_remote


def files_below(root: epath.Path) -> Iterator[str]:
    """Yields the paths of all files relative to `root`, with "/" between their parts, in any order."""
    for folder, _, names in root.walk():
        prefix = _below(folder, root)
        yield from (posixpath.join(prefix, name) for name in names)


def _below(folder: epath.Path, root: epath.Path) -> str:
    """A folder relative to `root`, "" for `root` itself; `walk` names folders of a bucket without their "gs://"."""
    if not is_remote(root):
        return "" if folder == root else folder.relative_to(root).as_posix()
    inner, outer = (path.as_posix().rpartition("://")[2] for path in (folder, root))
    return inner.removeprefix(outer).strip("/")
