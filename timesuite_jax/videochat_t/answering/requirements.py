"""What a benchmark changes of how a protocol makes inputs and answers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirements:
    """Changes to a protocol.

    Attributes:
      answer_tokens: maximum length of an answer; None for that of the config or of the protocol.
      extra_tokens: length of what a prompt has beyond that of the protocol, such as subtitles.
      each_second: whether frames are shown as in the original's Video-MME: chosen from one a second, resized without
        cropping, normalized by ImageNet's statistics, with times in whole seconds.
    """

    answer_tokens: int | None = None
    extra_tokens: int = 0
    each_second: bool = False
