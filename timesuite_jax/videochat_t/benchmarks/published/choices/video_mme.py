"""Video-MME: the Parquet file, or JSON with a row a video; without subtitles, and with them.

`paper` is the original's evaluation (eval/eval_qa_tasks.ipynb): frames from one a second, and all subtitles before the
video. By default the subtitles at the frames come before the question, as in Video-MME's own evaluation. They are the
files `subtitle/*.srt` of its release, in the folder of the videos; videos without one are asked about without.
"""

from timesuite_jax.data.choices.video_mme import read_video_mme
from timesuite_jax.text import ConversationLayout
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_set import (
    DEFAULT_SUBTITLED,
    SUBTITLES_HEADING,
    ChoiceSet,
    SubtitleWording,
    original_wording,
)

_INSTRUCTION = (
    "Carefully watch the video, read the related subtitles and pay attention to the cause and sequence of events, the "
    "detail and movement of objects, and the action and pose of persons. Based on your observations, select the best "
    "option that accurately addresses the question.\n"
)

VIDEO_MME = ChoiceSet(
    name="video_mme",
    read=read_video_mme,
    paper=original_wording("next_letter", repeat=True, answer_tokens=256, each_second=True),
    sizes={"all": 2700},
)
VIDEO_MME_SUBTITLES = ChoiceSet(
    name="video_mme_subtitles",
    read=read_video_mme,
    paper=original_wording(
        "next_letter",
        repeat=True,
        answer_tokens=256,
        each_second=True,
        instruction=_INSTRUCTION,
        subtitles=SubtitleWording(
            "all",
            8192,
            f"{SUBTITLES_HEADING} ",
            opening=True,
            layout=ConversationLayout(
                name="original_subtitles",
                # Without the space that {video} begins with.
                opening=f"{_INSTRUCTION}[INST]{{instruction}}\n<Video></Video> [/INST]",
                first_question=" [INST]{times}{question} [/INST]",
            ),
        ),
    ),
    default=DEFAULT_SUBTITLED,
    sizes={"all": 2700},
)
