"""Hierarchical grounding: a coarse pass over windows of a long video, then a closer look at the best spans."""

import dataclasses
from collections.abc import Callable, Sequence

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.calibration_file import UNCALIBRATED, Calibration
from timesuite_jax.progress import track
from timesuite_jax.text import shift_times
from timesuite_jax.timing.clips import Clip
from timesuite_jax.videochat_t.answering.answer_grammar import AnswerGrammar
from timesuite_jax.videochat_t.answering.answerer import Answerer
from timesuite_jax.videochat_t.answering.ask import answer_seen, check_question, choose_form, input_key, see
from timesuite_jax.videochat_t.answering.ask_result import AskResult
from timesuite_jax.videochat_t.answering.encodings import EncodingCache
from timesuite_jax.videochat_t.answering.long_video.long_video import LongVideo
from timesuite_jax.videochat_t.answering.long_video.window_plan import coarse_windows, zoom_window
from timesuite_jax.videochat_t.answering.long_video.window_reader import WindowReader
from timesuite_jax.videochat_t.answering.timeline_parts import evenly_spaced
from timesuite_jax.videochat_t.data.processor import Processor

_ZOOMED = 2  # best windows that are looked at again: overlapping ones often have the same event


def ask_windows(
    answerer: Answerer,
    processor: Processor,
    video: LongVideo,
    question: str,
    *,
    encodings: EncodingCache,
    grammar: Callable[[], AnswerGrammar],
    limit: int | None = None,
    seed: int | None = None,
    calibration: Calibration = UNCALIBRATED,
) -> AskResult:
    """Answers a question for the time of an event, by the window that is most sure of it.

    Memory does not grow with the length of the video: the windows are decoded in one pass, and encoded one by one.

    Args:
      answerer: the model.
      processor: prepares its inputs.
      video: to search.
      question: for times: its answers have a form.
      encodings: of windows, which later questions find.
      grammar: returns that of the answerer's tokenizer.
      limit: as in `ask`.
      seed: as in `ask`.
      calibration: as in `ask`; windows are compared by calibrated confidences.

    Raises:
      UserError: the video cannot be used, its frames are not sampled by time stamps, the question is too long, or
        answers have too few tokens for their form.
    """
    part = video.part
    if processor.clock != "pts":
        raise UserError(
            "long='hierarchical' samples frames by their time stamps, and data.sampling of the config by their "
            "numbers; choose whole or resampled"
        )
    check_question(question)
    windows = coarse_windows(video.times, video.duration, video.window, video.clip)
    longest = max(end - start for start, end in windows)
    if choose_form(answerer, question, longest, limit, grammar) is None:
        raise UserError(
            f"long='hierarchical' compares the confidences of constrained answers, which max_new_tokens="
            f"{answerer.token_limit(limit)} or the tokenizer do not permit; raise max_new_tokens, or choose whole or "
            "resampled"
        )

    def look(spans: Sequence[Clip], what: str) -> list[AskResult]:
        reader = WindowReader(processor, video.path, spans)
        found = []
        for number, span in enumerate(track(spans, what)):
            seen = encodings.get(
                answerer.weights,
                input_key(answerer, processor, video.content, span),
                lambda number=number: see(answerer, processor, reader.read(number)),
            )
            options = {"limit": limit, "seed": seed, "grammar": grammar, "calibration": calibration}
            answer = answer_seen(answerer, processor, seen, video.path, question, clip=span, **options)
            middle = answer.frames[len(answer.frames) // 2]
            found.append(dataclasses.replace(answer, frames=[middle]))  # one a window, of which there may be many
        return found

    coarse = look(windows, "windows")
    ranked = sorted(coarse, key=_sureness, reverse=True)
    best = ranked[0]
    if best.spans:
        zooms = [
            zoom_window(video.times, _all_spans(one), part, window=video.window, num_frames=processor.num_frames)
            for one in ranked[:_ZOOMED]
            if one.spans
        ]
        closer = [one for one in look(sorted({zoom for zoom in zooms if zoom is not None}), "closer look") if one.spans]
        best = max(closer, key=_sureness, default=best)
    offset = (best.clip or part)[0] - part[0]
    return dataclasses.replace(
        best,
        clip=None if video.clip is None else part,
        generated=shift_times(best.generated, offset, duration=best.duration),
        frames=[coarse[number].frames[0] for number in evenly_spaced(len(coarse))],
        long="hierarchical",
    )


def _all_spans(answer: AskResult) -> Clip:
    """From the start of the first span to the end of the last one, so that none is left out of the closer look."""
    return min(start for start, _ in answer.spans), max(end for _, end in answer.spans)


def _sureness(answer: AskResult) -> tuple[bool, float]:
    """Whether there is a span, then the probability that the event happens times how sure the surest span is.

    The product of a found event can be below the probability in a window whose answer is that it does not happen.
    """
    happens = float(bool(answer.spans)) if answer.happens is None else answer.happens
    return bool(answer.spans), happens * max(answer.confidences, default=1.0)
