"""The training data: the queries of a file as a `RecordMixture`, and their stream."""

import dataclasses
from collections.abc import Sequence

from timesuite_jax.data.corpora.stream import RecordStream
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.batch import Collate
from timesuite_jax.internvideo2.grounding.config import GroundingConfig
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery, read_moment_queries
from timesuite_jax.internvideo2.grounding.query_features import query_features
from timesuite_jax.internvideo2.grounding.sample import GroundingSample, SampleMaker
from timesuite_jax.internvideo2.grounding.video_features import FeatureFolder


@dataclasses.dataclass(frozen=True)
class QueryMixture:
    """Queries as the records of one corpus, each of which is visited once an epoch.

    Attributes:
      name: of the file.
      queries: in its order.
    """

    name: str
    queries: Sequence[MomentQuery]

    @property
    def visits(self) -> int:
        """Samples of an epoch."""
        return len(self.queries)

    @property
    def part_visits(self) -> Sequence[int]:
        """Samples of an epoch, of the only part."""
        return [self.visits]

    def record_of_visit(self, visit: int, *, epoch: int = 0, seed: int | None = None) -> int:
        """The number of a query is that of its visit."""
        del epoch, seed
        return visit

    def corpus_of(self, number: int) -> str:
        """The name of the file."""
        del number
        return self.name

    def read(self, number: int) -> MomentQuery:
        """A query."""
        return self.queries[number]


def feature_folder(config: GroundingConfig) -> FeatureFolder:
    """The features of the videos that a config names."""
    return FeatureFolder(config.data.features, config.model.video_width, config.data.max_rows)


def sample_maker(config: GroundingConfig, queries: Sequence[MomentQuery]) -> SampleMaker:
    """What makes samples of these queries.

    Raises:
      UserError: the encoder of queries cannot be used.
    """
    data = config.data
    words = query_features(data.queries, config.model.query_width, queries)
    return SampleMaker(feature_folder(config), words, data.max_words, data.max_windows)


def training_queries(config: GroundingConfig) -> list[MomentQuery]:
    """The queries to train on.

    Raises:
      UserError: there is no such file, or a query in it has no windows.
    """
    path = config.data.train
    if path is None:
        raise UserError("data.train is not set; give a file of queries in the form of QVHighlights")
    queries = read_moment_queries(path)
    if unknown := [query for query in queries if query.windows is None]:
        raise UserError(
            f"{path}: {len(unknown)} of {len(queries)} queries have no relevant_windows to learn from, the first is "
            f"qid {unknown[0].qid}; leave them out"
        )
    return queries


def training_stream(
    config: GroundingConfig, *, seed: int, process_index: int, process_count: int
) -> RecordStream[MomentQuery, GroundingSample]:
    """This process's batches.

    Raises:
      UserError: the queries cannot be read.
    """
    queries = training_queries(config)
    return RecordStream(
        QueryMixture(str(config.data.train), queries),
        sample_maker(config, queries),
        Collate(config),
        config.data,
        seed=seed,
        process_index=process_index,
        process_count=process_count,
    )
