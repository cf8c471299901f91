"""Video-MME without subtitles: the Parquet file, or JSON with a row a video.

`paper` is the original's evaluation (eval/eval_qa_tasks.ipynb), but for its frames: it chooses among frames that were
extracted once a second, and names their times without decimals.
"""

from timesuite_jax.data.choices.video_mme import read_video_mme
from timesuite_jax.videochat_t.benchmarks.published.choice_set import ChoiceSet, original_wording

VIDEO_MME = ChoiceSet(
    name="video_mme",
    read=read_video_mme,
    paper=original_wording("next_letter", repeat=True, answer_tokens=256),
    sizes={"all": 2700},
)
