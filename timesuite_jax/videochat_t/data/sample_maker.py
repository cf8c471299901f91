"""Makes a training sample of a record; what VideoChat-T brings to a record stream, with `Processor.collate`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from timesuite_jax.data.corpora import Dropped, Record
from timesuite_jax.text import Turn, shuffled
from timesuite_jax.videochat_t.data.budget import DoesNotFit
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.questions import check_questions
from timesuite_jax.videochat_t.data.sample import Sample, TokenizedConversation, VideoInputs


@dataclass(frozen=True)
class PreparedRecord:
    """A decoded record.

    Attributes:
      turns: its questions and answers.
      video: inputs of its video.
      conversations: conversations tokenized so far, by the number of the choice of turns.
    """

    turns: tuple[Turn, ...]
    video: VideoInputs
    conversations: dict[int, TokenizedConversation | DoesNotFit] = field(default_factory=dict)


class SampleMaker:
    """`CachedMakeSample` of VideoChat-T: the decoded video is the part that is the same at every visit."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    def __call__(self, record: Record, rng: np.random.Generator) -> Sample | Dropped:
        """Decodes the video, chooses turns, tokenizes them.

        Raises:
          UserError: the video or the texts cannot be used.
        """
        return self.finish(self._decode(record, rng), rng)

    def prepare(self, record: Record) -> PreparedRecord:
        """Decodes the video; for a deterministic processor only.

        Raises:
          VideoError: the video cannot be used.
        """
        return self._decode(record, None)

    def finish(self, prepared: PreparedRecord, rng: np.random.Generator) -> Sample | Dropped:
        """Chooses turns and tokenizes them, once for each repeatable choice.

        Raises:
          UserError: the texts cannot be used.
        """
        choice, turns = self._choose_turns(prepared.turns, rng)
        conversation = None if choice is None else prepared.conversations.get(choice)
        if conversation is None:
            conversation = self._processor.conversation(turns, prepared.video.seconds)
            if choice is not None:
                prepared.conversations[choice] = conversation
        if isinstance(conversation, DoesNotFit):
            return Dropped(conversation.reason)
        return Sample(prepared.video, conversation)

    def _decode(self, record: Record, rng: np.random.Generator | None) -> PreparedRecord:
        check_questions(record)
        return PreparedRecord(record.turns, self._processor.video_inputs(record, rng))

    def _choose_turns(self, turns: Sequence[Turn], rng: np.random.Generator) -> tuple[int | None, tuple[Turn, ...]]:
        """The turns of this visit, and the number of the choice (None: too many choices to cache)."""
        kind = self._processor.spec.turns
        if kind == "one":
            number = int(rng.integers(len(turns)))
            return number, (turns[number],)
        if kind == "shuffled" and len(turns) > 1:
            return None, shuffled(turns, rng)
        return 0, tuple(turns)
