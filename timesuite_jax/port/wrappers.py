"""Removes what wrappers of a model add to the keys of its state dict.

`module.` (DistributedDataParallel, DeepSpeed) and the name of a Lightning module's attribute are before all keys;
`torch.compile`, FSDP and activation checkpointing add parts anywhere within a key.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence

_INNER = re.compile(r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")


def unwrap(keys: Collection[str], roots: Sequence[str]) -> tuple[dict[str, str], str]:
    """Finds the keys of the model itself.

    Args:
      keys: of a state dict.
      roots: regular expressions of how keys of the model begin, as far as a separator or the end.

    Returns:
      Key of the file -> key without parts of wrappers, and the prefix that was removed ("" if none).
    """
    bare = {key: _INNER.sub("", key) for key in keys}
    prefix = wrapper_prefix(bare.values(), roots)
    return {key: name.removeprefix(prefix) for key, name in bare.items()}, prefix


def wrapper_prefix(keys: Collection[str], roots: Sequence[str]) -> str:
    """What is before the first root in most keys that have one; "" if no key has one."""
    root = root_pattern(roots)
    found = Counter(key[: match.start()] for key in keys if (match := root.search(key)))
    return found.most_common(1)[0][0] if found else ""


def root_pattern(roots: Sequence[str]) -> re.Pattern[str]:
    """Matches one of the roots between separators; nothing if there are no roots."""
    return re.compile(rf"(?:^|(?<=[./]))(?:{'|'.join(roots)})(?=[./:]|$)" if roots else r"(?!)")
