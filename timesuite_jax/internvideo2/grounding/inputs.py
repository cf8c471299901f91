"""Checks the files that a config names before a model is trained or loaded, so that one message can list all faults."""

from collections.abc import Sequence

from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.config import GroundingConfig
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery, read_moment_queries
from timesuite_jax.internvideo2.grounding.query_features import HASHED, MINILM, QueryFolder
from timesuite_jax.internvideo2.grounding.stream import feature_folder
from timesuite_jax.storage.remote_path import to_path

_SHOWN = 3  # faults that are named


def check_inputs(config: GroundingConfig, *, train: bool, weights: bool) -> None:
    """Checks that queries, features of videos and queries, and weights exist, and that all queries can be evaluated.

    In training a query is dropped and counted if its features do not fit; scores of fewer queries would be those of
    another benchmark, so that one in `data.evaluation` is an error.

    Args:
      config: that names them.
      train: whether the queries to train on are needed.
      weights: whether `weights.files` are needed.

    Raises:
      UserError: listing all that are missing, or naming a wrong line of a file of queries, or features that do not fit.
    """
    data = config.data
    files = {"data.train": data.train if train else None, "data.evaluation": data.evaluation}
    files = {key: path for key, path in files.items() if path is not None}
    missing = [f"{key}={path}" for key, path in files.items() if not to_path(path).is_file()]
    queries = {key: read_moment_queries(path) for key, path in files.items() if to_path(path).is_file()}
    every = [query for part in queries.values() for query in part]
    if to_path(data.features).is_dir():
        missing += feature_folder(config).missing(every)
    else:
        missing.append(f"data.features={data.features}, a folder that `timesuite features` makes")
    if words := _query_folder(config):
        missing += words.missing(every) if to_path(data.queries).is_dir() else [f"data.queries={data.queries}"]
    if weights:
        missing += [f"weights.files: {file}" for file in config.weights.missing()]
    if missing:
        raise UserError(f"there are no {'; no '.join(missing)}; correct the paths in the config")
    if evaluated := queries.get("data.evaluation"):
        _check_evaluation(config, evaluated, train=train)


def _query_folder(config: GroundingConfig) -> QueryFolder | None:
    """The folder of the queries' features, if they are files."""
    kind = config.data.queries
    return None if kind in (HASHED, MINILM) else QueryFolder(kind, config.model.query_width)


def _check_evaluation(config: GroundingConfig, queries: Sequence[MomentQuery], *, train: bool) -> None:
    """Checks that training can evaluate, and that all features fit.

    Raises:
      UserError: naming some that do not.
    """
    path = config.data.evaluation
    if train and not any(query.windows for query in queries):
        raise UserError(
            f"data.evaluation={path} has no query with relevant_windows to score against in training; give annotated "
            "queries, or set data.evaluation=None"
        )
    words = _query_folder(config)
    problems = feature_folder(config).problems(queries) + (words.problems(queries) if words else [])
    if problems:
        more = f"; {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise UserError(f"data.evaluation={path} cannot be evaluated: {'; '.join(problems[:_SHOWN])}{more}")
