"""Text: tokenizers read from files, conversations with their loss masks, frame times in words, time stamps in answers.

Everything here is plain Python and NumPy and imports in a moment, so that data workers and evaluation scripts need no
accelerator.
"""

from timesuite_jax.text.clip_time import (
    ClipText,
    TimeStyle,
    clip_time_texts,
    encode_clip_texts,
    format_seconds,
    video_time_text,
)
from timesuite_jax.text.conversation import (
    EVALUATION,
    LAYOUTS,
    TRAINING,
    Conversation,
    ConversationLayout,
    Turn,
    as_prompt,
    encode_conversation,
    render,
    shuffled,
)
from timesuite_jax.text.timestamps import TimeSpan, format_span, parse_spans
from timesuite_jax.text.tokenizer import (
    JsonTokenizer,
    SentencePieceTokenizer,
    SpecialIds,
    Tokenizer,
    load_clip_tokenizer,
    load_tokenizer,
)
from timesuite_jax.text.tokenizer_check import check_clip_tokenizer, check_tokenizer
from timesuite_jax.text.word_tokenizer import build_word_tokenizer

__all__ = [
    "EVALUATION",
    "LAYOUTS",
    "TRAINING",
    "ClipText",
    "Conversation",
    "ConversationLayout",
    "JsonTokenizer",
    "SentencePieceTokenizer",
    "SpecialIds",
    "TimeSpan",
    "TimeStyle",
    "Tokenizer",
    "Turn",
    "as_prompt",
    "build_word_tokenizer",
    "check_clip_tokenizer",
    "check_tokenizer",
    "clip_time_texts",
    "encode_clip_texts",
    "encode_conversation",
    "format_seconds",
    "format_span",
    "load_clip_tokenizer",
    "load_tokenizer",
    "parse_spans",
    "render",
    "shuffled",
    "video_time_text",
]
