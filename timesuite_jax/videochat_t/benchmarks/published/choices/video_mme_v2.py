"""Video-MME-v2: questions with eight options in groups of four.

`paper` is the wording and the reading of its evaluation in VLMEvalKit without options: the prompt for frames, with
neither subtitles nor reasoning. `group_score` is its total rating.
"""

from timesuite_jax.data.choices.video_mme_v2 import read_video_mme_v2
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_set import ChoiceSet, ChoiceWording

VIDEO_MME_V2 = ChoiceSet(
    name="video_mme_v2",
    read=read_video_mme_v2,
    paper=ChoiceWording(
        "These are the frames of a video. Select the best answer to the following multiple-choice question based on "
        "the video. Respond with only the letter (A, B, C, D, E, F, G, or H) of the correct option.\n"
        "Question: {question}\n{options}\nAnswer: ",
        "first_capital",
        option="{letter}. {text}",
    ),
    grouped=True,
)
