"""Measures the tokens of training samples without decoding their videos."""

import numpy as np
from jaxtyping import Float

from timesuite_jax.data.corpora import Record, TokenUse
from timesuite_jax.text import LAYOUTS, Tokenizer, Turn, encode_conversation, video_time_text
from timesuite_jax.videochat_t.data.budget import DoesNotFit, fit_conversation
from timesuite_jax.videochat_t.data.questions import check_questions
from timesuite_jax.videochat_t.data.spec import SampleSpec, VideoInputSpec


class TokenMeter:
    """Measures how many tokens a record needs as a training sample, and what is cut so that it fits.

    Times of frames are taken at the middle of equal intervals, or from the stored frames if there are as many as the
    model has; those of random frames have as many digits, but for a few.

    Args:
      spec: how records become samples.
      video: sizes of a video's inputs.
      tokenizer: of the language model.
    """

    def __init__(self, spec: SampleSpec, video: VideoInputSpec, tokenizer: Tokenizer) -> None:
        self._spec, self._video, self._tokenizer = spec, video, tokenizer

    def __call__(self, record: Record) -> TokenUse:
        """Measures one sample; where only one question of the record is drawn, that with the longest sample.

        Raises:
          UserError: the record has no questions, or the texts cannot be used.
        """
        check_questions(record)
        seconds = self._seconds(record)
        if self._spec.turns == "one":
            return max((self._measure((turn,), seconds) for turn in record.turns), key=lambda use: use.needed)
        return self._measure(record.turns, seconds)

    def _measure(self, turns: tuple[Turn, ...], times: Float[np.ndarray, " T"]) -> TokenUse:
        spec, n_visual = self._spec, self._video.n_visual
        seconds = [float(second) for second in times]
        layout, independent = LAYOUTS[spec.layout], spec.turns == "independent"
        whole = encode_conversation(
            self._tokenizer,
            turns,
            layout=layout,
            times=video_time_text(seconds, spec.time_style),
            independent=independent,
        )
        fitted = fit_conversation(
            self._tokenizer,
            turns,
            seconds=seconds,
            n_visual=n_visual,
            buckets=spec.buckets,
            layout=layout,
            style=spec.time_style,
            shorten=spec.shorten_time_text,
            independent=independent,
        )
        needed = whole.n_text + n_visual + 1
        if isinstance(fitted, DoesNotFit):
            return TokenUse(needed, whole.n_answer, None, ())
        return TokenUse(needed, whole.n_answer, fitted.length, fitted.cuts)

    def _seconds(self, record: Record) -> Float[np.ndarray, " T"]:
        count = self._video.num_frames
        if len(record.frame_times) == count:
            return np.asarray(record.frame_times, np.float64)
        return (np.arange(count) + 0.5) / count * record.length
