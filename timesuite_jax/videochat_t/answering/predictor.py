"""VideoChat-T as a `Predictor` of benchmarks: questions about videos -> answers in text.

Two controls change what the model sees and leave the question alone, to separate grounding from guessing: with the
frames of another video a model that uses its input must fall to chance, and with rescaled time stamps its answers must
follow the new seconds.
"""

import contextlib
import dataclasses
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import av
import numpy as np
from jaxtyping import Float

from timesuite_jax.data.corpora import Batch, Dropped, Record
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.calibration_file import UNCALIBRATED, Calibration
from timesuite_jax.text import ConversationLayout, Turn, as_prompt
from timesuite_jax.videochat_t.answering.answer_forms import FREE
from timesuite_jax.videochat_t.answering.answer_grammar import AnswerConfidence, AnswerGrammar, AnswerRequest
from timesuite_jax.videochat_t.answering.answerer import Answerer
from timesuite_jax.videochat_t.answering.subtitle_prompt import SubtitlePrompt
from timesuite_jax.videochat_t.answering.video_file import VideoFile
from timesuite_jax.videochat_t.data.budget import DoesNotFit
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample import Sample, VideoInputs


@dataclasses.dataclass(frozen=True)
class VideoQuestion:
    """A prompt.

    Attributes:
      record: its video is shown; or a video file.
      turn: the question; its answer is not shown.
      frames_of: shows the frames of another video under the time stamps of `record`: of the first of these records that
        can be decoded.
      rescale: shows time stamps, and so a duration, of another scale.
      time_offset: seconds that the time stamps that are shown begin with.
      layout: of the conversation; the processor's if not given.
      answer_prompt: start of the answer that is given to the model, and that its text lacks.
      form: of the answer, one of `answer_forms.FORMS`.
      subtitles: that are shown with the question.
    """

    record: Record | VideoFile
    turn: Turn
    frames_of: Iterable[Record] | None = None
    rescale: bool = False
    time_offset: float = 0.0
    layout: ConversationLayout | None = None
    answer_prompt: str = ""
    form: str = FREE
    subtitles: SubtitlePrompt | None = None


@dataclasses.dataclass(frozen=True)
class PreparedQuestion:
    """A question as arrays."""

    sample: Sample
    duration: float  # seconds of the video according to the time stamps that are shown
    time_scale: float  # shown seconds over true seconds
    question: str = ""
    form: str = FREE


@dataclasses.dataclass(frozen=True)
class VideoAnswer:
    """An answer, and what its seconds refer to; fields as in `PreparedQuestion`.

    Attributes:
      frames: number of different frames that the model saw, which is fewer than it takes where a short video repeats
        some.
      confidence: how sure the model is; empty where the form of the answer is free.
    """

    text: str
    duration: float
    time_scale: float = 1.0
    frames: int = 0
    confidence: AnswerConfidence = dataclasses.field(default_factory=AnswerConfidence)


class VideoChatPredictor:
    """See `timesuite_jax.evaluation.Predictor`.

    Args:
      answer: batch of prompts -> texts, one for each row. With several processes each gives and gets its own rows.
      processor: prepares the model's inputs.
      grammar: by which the forms of questions constrain their answers; None: all answers are free.
      calibration: temperatures of the confidences of constrained answers.
    """

    def __init__(
        self,
        answer: Answerer | Callable[[Batch], list[str]],
        processor: Processor,
        grammar: AnswerGrammar | None = None,
        calibration: Calibration = UNCALIBRATED,
    ) -> None:
        self._answer, self._processor, self._grammar, self._calibration = answer, processor, grammar, calibration
        self._decoded: deque[tuple[Record | VideoFile, VideoInputs]] = deque(maxlen=2)

    @property
    def settings(self) -> Mapping[str, Any]:
        """How inputs are prepared and answers decoded."""
        decoding = self._answer.settings if isinstance(self._answer, Answerer) else {}
        answers = "free" if self._grammar is None else "by task"
        calibration = {"calibration": dataclasses.asdict(self._calibration)} if self._calibration else {}
        return {
            "inputs": self._processor.settings,
            "decoder": f"PyAV {av.__version__}",
            **decoding,
            "answers": answers,
            **calibration,
        }

    def prepare(self, prompt: VideoQuestion) -> PreparedQuestion:
        """Decodes the video and tokenizes the question.

        Raises:
          UserError: the video cannot be used, or the question is too long.
        """
        record, processor, scale = prompt.record, self._processor, 1.0
        visual = self._decode(record)
        if prompt.frames_of is not None:
            visual = dataclasses.replace(visual, frames=self._decode_first(prompt.frames_of).frames)
        if prompt.rescale:
            scale = _other_scale(visual.duration)
        if prompt.rescale or prompt.time_offset:
            visual = self._at_times(visual, visual.seconds * scale + prompt.time_offset)
        turn = prompt.turn
        if prompt.subtitles is not None:
            turn = prompt.subtitles.insert(turn, visual.seconds.tolist(), processor.tokenizer)
        words = processor.conversation(
            as_prompt([turn]), visual.seconds, layout=prompt.layout, answer_prompt=prompt.answer_prompt
        )
        if isinstance(words, DoesNotFit):
            raise UserError(words.reason)
        return PreparedQuestion(Sample(visual, words), visual.duration * scale, scale, turn.question, prompt.form)

    def describe(self, prepared: PreparedQuestion) -> dict[str, Any]:
        """Returns the question, the times of the frames, and checksums of pixels and tokens; see `DescribesInputs`."""
        video, row = prepared.sample.video, prepared.sample.conversation.row
        return {
            "question": prepared.question,
            "frame_times": [round(second, 3) for second in video.seconds.tolist()],
            "pixels": f"{zlib.crc32(np.ascontiguousarray(video.frames).data):08x}",
            "tokens": f"{zlib.crc32(video.clip_text.tobytes(), zlib.crc32(row.tokens.tobytes())):08x}",
        }

    def collate(self, inputs: Sequence[PreparedQuestion], batch_size: int) -> Batch:
        """Stacks questions to a batch; the last one, or nothing, is repeated in rows of padding."""
        samples = [prepared.sample for prepared in inputs]
        padding = samples[-1] if samples else Dropped("padding")
        rows = [*samples, *[padding] * (batch_size - len(samples))]
        # One length for all batches: one compiled program, and a row's answer cannot depend on its neighbours.
        return self._processor.collate(rows, fixed_length=True)

    def predict(self, inputs: Sequence[PreparedQuestion], batch_size: int) -> list[VideoAnswer]:
        """Answers a batch of questions."""
        rows = zip(inputs, self._answers(inputs, batch_size), strict=False)  # those of rows of padding are dropped
        return [
            VideoAnswer(text, one.duration, one.time_scale, len(np.unique(one.sample.video.seconds)), confidence)
            for one, (text, confidence) in rows
        ]

    def _answers(self, inputs: Sequence[PreparedQuestion], batch_size: int) -> list[tuple[str, AnswerConfidence]]:
        batch = self.collate(inputs, batch_size)
        if self._grammar is None or not isinstance(self._answer, Answerer):
            return [(text, AnswerConfidence()) for text in self._answer(batch)]
        requests = [AnswerRequest(one.form, one.duration) for one in inputs]
        padding = [requests[-1] if requests else AnswerRequest(FREE, 0.0)] * (batch_size - len(requests))
        answers = self._answer.constrained(batch, self._grammar, [*requests, *padding])
        return [(text, confidence.calibrated(self._calibration)) for text, confidence in answers]

    def _at_times(self, visual: VideoInputs, seconds: Float[np.ndarray, " T"]) -> VideoInputs:
        """The same frames with other time stamps."""
        ids, mask, cut = self._processor.clip_texts(seconds)
        return dataclasses.replace(visual, seconds=seconds, clip_text=ids, clip_text_mask=mask, clip_text_cut=cut)

    def _decode_first(self, records: Iterable[Record]) -> VideoInputs:
        """Decodes the first video that can be used."""
        for record in records:
            with contextlib.suppress(UserError):
                return self._decode(record)
        raise UserError("foreign_frames needs frames of another video; evaluate records of at least two videos")

    def _decode(self, video: Record | VideoFile) -> VideoInputs:
        """Decodes a video. The two latest are kept: frames of one video are shown for several questions."""
        is_file = isinstance(video, VideoFile)
        for decoded, visual in self._decoded:
            if decoded is video or (is_file and decoded == video):
                return visual
        if is_file:
            visual = self._processor.video_file_inputs(video.path, video.clip, name=video.name)
        else:
            visual = self._processor.video_inputs(video)
        self._decoded.append((video, visual))
        return visual


def _other_scale(duration: float) -> float:
    """Returns a factor that changes a video's length clearly but keeps it within the usual lengths.

    1.4, or where that would add a digit to the seconds, 1 / 1.5: a model that was trained on videos of under ten
    seconds has no token for eleven.
    """
    longer = 1.4
    return longer if len(str(int(duration * longer))) == len(str(int(duration))) else 1 / 1.5
