"""Published benchmarks by the names that `timesuite evaluate --benchmark` uses."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from timesuite_jax.videochat_t.benchmarks.published.choices.benchmark import PublishedChoice
from timesuite_jax.videochat_t.benchmarks.published.choices.egoschema import EGOSCHEMA
from timesuite_jax.videochat_t.benchmarks.published.choices.longvideobench import (
    LONGVIDEOBENCH,
    LONGVIDEOBENCH_SUBTITLES,
)
from timesuite_jax.videochat_t.benchmarks.published.choices.mlvu import MLVU
from timesuite_jax.videochat_t.benchmarks.published.choices.mvbench import MVBENCH
from timesuite_jax.videochat_t.benchmarks.published.choices.video_mme import VIDEO_MME, VIDEO_MME_SUBTITLES
from timesuite_jax.videochat_t.benchmarks.published.choices.video_mme_v2 import VIDEO_MME_V2
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.activitynet_captions import ACTIVITYNET_CAPTIONS
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.benchmark import PublishedDenseCaptions
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.vitt import VITT
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.youcook2 import YOUCOOK2
from timesuite_jax.videochat_t.benchmarks.published.grounding.activitynet_grounding import ACTIVITYNET_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.activitynet_rtl import ACTIVITYNET_RTL_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.benchmark import PublishedGrounding
from timesuite_jax.videochat_t.benchmarks.published.grounding.charades_sta import CHARADES_STA
from timesuite_jax.videochat_t.benchmarks.published.grounding.ego4d_nlq import EGO4D_NLQ_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.qvhighlights_moments import QVHIGHLIGHTS_MOMENTS
from timesuite_jax.videochat_t.benchmarks.published.grounding.tacos import TACOS_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.timelens_bench import TIMELENS_BENCH_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.vue_tr import VUE_TR_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.highlights.qvhighlights_highlights import QVHighlightsDetection
from timesuite_jax.videochat_t.benchmarks.published.moviechat import MOVIECHAT_NAMES, MovieChat
from timesuite_jax.videochat_t.benchmarks.published.published_benchmark import PublishedBenchmark
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources

_GROUNDING_SETS = (
    CHARADES_STA,
    ACTIVITYNET_GROUNDING,
    TACOS_GROUNDING,
    EGO4D_NLQ_GROUNDING,
    ACTIVITYNET_RTL_GROUNDING,
    TIMELENS_BENCH_GROUNDING,
    QVHIGHLIGHTS_MOMENTS,
    VUE_TR_GROUNDING,
)
_CHOICE_SETS = (
    EGOSCHEMA,
    VIDEO_MME,
    VIDEO_MME_SUBTITLES,
    VIDEO_MME_V2,
    MVBENCH,
    LONGVIDEOBENCH,
    LONGVIDEOBENCH_SUBTITLES,
    MLVU,
)
_CAPTION_SETS = (YOUCOOK2, ACTIVITYNET_CAPTIONS, VITT)
PUBLISHED: Mapping[str, Callable[..., PublishedBenchmark[Any, Any]]] = {
    **{of.name: functools.partial(PublishedGrounding, of) for of in _GROUNDING_SETS},
    **{of.name: functools.partial(PublishedChoice, of) for of in _CHOICE_SETS},
    **{of.name: functools.partial(PublishedDenseCaptions, of) for of in _CAPTION_SETS},
    **{name: functools.partial(MovieChat, mode) for mode, name in MOVIECHAT_NAMES.items()},
    QVHighlightsDetection.name: QVHighlightsDetection,
}
"""Functions of `PublishedSources`, with the keyword `protocol`."""


def make_published(name: str, sources: PublishedSources, protocol: str) -> PublishedBenchmark[Any, Any]:
    """Makes a published benchmark.

    Args:
      name: in `PUBLISHED`.
      sources: annotation files and videos.
      protocol: "default" or "paper".

    Raises:
      UserError: a file cannot be read.
    """
    return PUBLISHED[name](sources, protocol=protocol)
