"""One answered question."""

import dataclasses

import numpy as np

from timesuite_jax.evaluation.timeline import Timeline
from timesuite_jax.metrics import hull_iou
from timesuite_jax.videochat_t.answering.prompts import Prompt, Span


@dataclasses.dataclass(frozen=True)
class Prediction:
    """One answered question."""

    prompt: Prompt
    text: str  # what the model said
    spans: tuple[Span, ...]  # read out of it, in seconds

    @property
    def span(self) -> Span | None:
        """The first span, which is the one that is scored."""
        return self.spans[0] if self.spans else None

    def timeline(self) -> Timeline:
        """As a strip to draw."""
        iou = hull_iou(np.array([self.span]), np.array([self.prompt.spans[0]]))[0] if self.span else 0.0
        title = f"{self.prompt.question}  ->  {self.text}"
        return Timeline(title, self.prompt.duration, self.spans, self.prompt.spans, f"IoU {iou:.2f}")
