"""Which parameters a config trains, by glob patterns of their paths."""

import fnmatch
from collections.abc import Sequence

from timesuite_jax import param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.layers import unbox
from timesuite_jax.param_tree import Params


def check_patterns(patterns: Sequence[str], params: Params) -> None:
    """Checks that each pattern of `config.trained` names a parameter.

    Args:
      patterns: of paths joined with "/".
      params: nested dict of anything, boxed or not.

    Raises:
      UserError: naming a pattern that names none.
    """
    paths = ["/".join(path) for path, _ in param_tree.leaves_with_paths(unbox(params))]
    for pattern in patterns:
        if not fnmatch.filter(paths, pattern):
            raise UserError(f"config.trained has {pattern!r}, which names no parameter; correct or remove it")
