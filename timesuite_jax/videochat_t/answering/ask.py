"""Questions about a video, which is encoded once for all of them."""

import json
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np
from einops import rearrange
from jaxtyping import Float

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.calibration_file import UNCALIBRATED, Calibration
from timesuite_jax.evaluation.timeline import Span
from timesuite_jax.text import Turn, parse_spans, remove_markers, shift_times, span_captions
from timesuite_jax.text.conversation_text import find_marker
from timesuite_jax.timing.clips import video_span
from timesuite_jax.videochat_t.answering.answer_forms import FREE
from timesuite_jax.videochat_t.answering.answer_grammar import AnswerGrammar, AnswerLimits, AnswerRequest
from timesuite_jax.videochat_t.answering.answerer import Answerer
from timesuite_jax.videochat_t.answering.ask_result import AskResult
from timesuite_jax.videochat_t.answering.encodings import EncodingCache, SeenVideo, content_hash
from timesuite_jax.videochat_t.answering.question_forms import form_of_question
from timesuite_jax.videochat_t.answering.timeline_parts import evenly_spaced
from timesuite_jax.videochat_t.data.budget import DoesNotFit
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample import Sample, TokenizedConversation, VideoInputs

# Question of the prompt that a video is encoded with: a digit, which every tokenizer has. Nothing depends on it, since
# the tokens of the question are not used.
_PLACEHOLDER = "0"


def ask(
    answerer: Answerer,
    processor: Processor,
    video: str | Path,
    question: str,
    *,
    clip: Span | None = None,
    history: Sequence[AskResult] = (),
    encodings: EncodingCache | None = None,
    content: str | None = None,
    limit: int | None = None,
    seed: int | None = None,
    on_text: Callable[[str], None] | None = None,
    grammar: Callable[[], AnswerGrammar] | None = None,
    calibration: Calibration = UNCALIBRATED,
) -> AskResult:
    """Answers a question about a video file.

    Args:
      answerer: the model.
      processor: prepares its inputs.
      video: path of the file.
      question: text; where it names times and there is a clip, these count from the clip's start, as the model sees it.
      clip: start and end, in seconds, of the part to show.
      history: earlier questions about the same clip with their answers, which stay in the prompt; the first ones are
        dropped where they do not fit.
      encodings: of earlier questions' videos; None: the video is encoded for this question alone.
      content: hash of the file, if it is known.
      limit: number of tokens after which the answer is cut short; the answerer's maximum if not given.
      seed: of sampling; the answerer's if not given.
      on_text: called with the answer so far while it is generated, unless its times must be moved to those of the
        video, which needs all of it.
      grammar: returns that of the answerer's tokenizer, to constrain the answer to the form of the question; None: any
        text. It is called only if the question has a form.
      calibration: temperatures of the confidences of constrained answers.

    Raises:
      UserError: the video cannot be used, or the question is empty or too long.
    """
    check_question(question)
    for earlier in history:
        check_markers(earlier.question)
    encodings = EncodingCache(0) if encodings is None else encodings
    key = input_key(answerer, processor, content or content_hash(video), clip)
    seen = encodings.get(
        answerer.weights,
        key,
        lambda: see(answerer, processor, processor.video_file_inputs(str(video), clip, name=str(video))),
    )
    return answer_seen(
        answerer,
        processor,
        seen,
        video,
        question,
        clip=clip,
        history=history,
        limit=limit,
        seed=seed,
        on_text=on_text,
        grammar=grammar,
        calibration=calibration,
    )


def input_key(answerer: Answerer, processor: Processor, content: str, clip: Span | None) -> Hashable:
    """Returns everything beside the weights that decides the encoding of a video, whose content has this hash."""
    settings = json.dumps([processor.settings, answerer.input_settings], default=str, sort_keys=True)
    return content, clip, settings


def answer_seen(
    answerer: Answerer,
    processor: Processor,
    seen: SeenVideo,
    video: str | Path,
    question: str,
    *,
    clip: Span | None = None,
    history: Sequence[AskResult] = (),
    limit: int | None = None,
    seed: int | None = None,
    on_text: Callable[[str], None] | None = None,
    grammar: Callable[[], AnswerGrammar] | None = None,
    calibration: Calibration = UNCALIBRATED,
) -> AskResult:
    """Answers a question about a video, or a clip of it, that is encoded; arguments as in `ask`.

    Raises:
      UserError: the question is too long.
    """
    start = clip[0] if clip else 0.0
    words, dropped = _prompt(processor, question, history, seen.seconds)
    form = choose_form(answerer, question, seen.duration, limit, grammar)
    shown = None if start else on_text
    reply = answerer.reply(seen.encoded, words.row, limit=limit, seed=seed, on_text=shown, limits=form)
    spans = parse_spans(reply.text, duration=seen.duration)
    confidence = reply.confidence.calibrated(calibration)
    return AskResult(
        str(video),
        question,
        shift_times(reply.text, start, duration=seen.duration),
        tuple(video_span(span, clip) for span in spans),
        tuple(span_captions(reply.text, spans, duration=seen.duration)),
        seen.video_duration,
        None if clip is None else (start, start + seen.duration),
        processor.clock,
        seen.frames,
        reply.text,
        reply.prompt_tokens,
        reply.answer_tokens,
        reply.ended,
        dropped,
        FREE if form is None else form.request.form,
        confidence.of_spans(spans),
        confidence.happens,
        calibration,
    )


def check_question(question: str) -> None:
    """Checks that there is a question that a tokenizer can read.

    Raises:
      UserError: it is empty, is no text, or contains a marker of the prompt.
    """
    if not isinstance(question, str):
        raise UserError(f'the question is {question!r}, not text; give one, e.g. "When does the man open the oven?"')
    if not question.strip():
        raise UserError('the question is empty; give one, e.g. "When does the man open the oven?"')
    try:
        question.encode()
    except UnicodeEncodeError as error:  # bytes of the command line that are not of its encoding
        wrong = question[error.start : error.end]
        raise UserError(f"the question contains {wrong!r}, which is no character; write it in UTF-8") from error
    check_markers(question)


def check_markers(question: str) -> None:
    """Checks that a question contains nothing that separates the parts of a prompt.

    Raises:
      UserError: it does.
    """
    if marker := find_marker(question):
        raise UserError(f"the question {question[:80]!r} contains {marker}, a marker of the prompt; leave it out")


def choose_form(
    answerer: Answerer,
    question: str,
    duration: float,
    limit: int | None,
    grammar: Callable[[], AnswerGrammar] | None,
) -> AnswerLimits | None:
    """Returns the form of an answer; None if it is free, also where the tokenizer or the limit do not permit the form.

    Args:
      answerer: the model.
      question: text.
      duration: seconds of what the model is shown.
      limit: as in `ask`.
      grammar: as in `ask`.
    """
    form = FREE if grammar is None else form_of_question(question)
    if grammar is None or form == FREE:
        return None
    limits = AnswerLimits(grammar(), AnswerRequest(form, duration))
    return limits if limits.grammar.permits(limits.request, answerer.token_limit(limit)) else None


def see(answerer: Answerer, processor: Processor, visual: VideoInputs) -> SeenVideo:
    """Encodes a video for any number of questions."""
    words, _ = _prompt(processor, _PLACEHOLDER, (), visual.seconds)
    batch = processor.collate([Sample(visual, words)], fixed_length=False)
    frames = rearrange(visual.frames, "K F H W c -> (K F) H W c")
    shown = [frames[number].copy() for number in evenly_spaced(len(frames))]  # not views, which keep all frames
    whole = visual.duration if visual.video_duration is None else visual.video_duration
    return SeenVideo(answerer.encode(batch, words.row), visual.seconds, visual.duration, whole, shown)


def _prompt(
    processor: Processor, question: str, history: Sequence[AskResult], seconds: Float[np.ndarray, " T"]
) -> tuple[TokenizedConversation, int]:
    """Tokenizes a question after earlier ones; returns the prompt and the number of earlier ones that do not fit.

    Raises:
      UserError: the question alone does not fit.
    """
    turns = [Turn(one.question, remove_markers(one.generated).strip()) for one in history] + [Turn(question)]
    for dropped in range(len(turns)):
        words = processor.conversation(turns[dropped:], seconds)
        # Earlier turns give way before the time stamps do: without these no answer has times.
        if dropped == len(history) or (not isinstance(words, DoesNotFit) and not words.cuts):
            break
    if isinstance(words, DoesNotFit):
        raise UserError(f"the question does not fit: it {words.reason}; ask a shorter one")
    return words, dropped
