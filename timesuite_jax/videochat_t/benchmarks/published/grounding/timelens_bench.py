"""TimeLens-Bench: corrected annotations of Charades-STA, ActivityNet Captions and QVHighlights, a file each.

`paper` is its evaluation (github.com/TencentARC/TimeLens, evaluation/).
"""

from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import GroundingSet, Wording

TIMELENS_BENCH_GROUNDING = GroundingSet(
    name="timelens_bench",
    formats=("timelens_bench",),
    paper=Wording(
        "Please find the visual event described by the sentence '{query}', determining its starting and ending times. "
        "The format should be: 'The event happens in <start time> - <end time> seconds'.",
        "timelens",
        lambda query: query.strip().strip(".").strip(),
    ),
)
