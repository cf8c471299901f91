"""Finds every file that a config names and that does not exist, so that one message can list all."""

from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.config import GroundingConfig
from timesuite_jax.internvideo2.grounding.moment_query import read_moment_queries
from timesuite_jax.internvideo2.grounding.stream import feature_folder
from timesuite_jax.storage.remote_path import to_path


def check_inputs(config: GroundingConfig, *, train: bool, weights: bool) -> None:
    """Checks that queries, the features of their videos, and weights exist.

    Args:
      config: that names them.
      train: whether the queries to train on are needed.
      weights: whether `weights.files` are needed.

    Raises:
      UserError: listing all that are missing, or naming a wrong line of a file of queries.
    """
    data = config.data
    files = {"data.train": data.train if train else None, "data.evaluation": data.evaluation}
    files = {key: path for key, path in files.items() if path is not None}
    missing = [f"{key}={path}" for key, path in files.items() if not to_path(path).is_file()]
    if to_path(data.features).is_dir():
        found = [path for path in files.values() if to_path(path).is_file()]
        missing += feature_folder(config).missing([query for path in found for query in read_moment_queries(path)])
    else:
        missing.append(f"data.features={data.features}, a folder that `timesuite features` makes")
    if weights:
        missing += [f"weights.files: {file}" for file in config.weights.missing()]
    if missing:
        raise UserError(f"there are no {'; no '.join(missing)}; correct the paths in the config")
