"""Text: tokenizers, conversations with answer masks, frame timestamps as text, parsing of timestamps in answers.

Imports no JAX, so that data workers and evaluation scripts start fast and need no accelerator.
"""

from timesuite_jax.text.absence import denies_event
from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.clip_text import ClipText, ClipTextPadding, encode_clip_texts, shift_right, used_columns
from timesuite_jax.text.conversation import Conversation, encode_conversation
from timesuite_jax.text.conversation_text import (
    EVALUATION,
    LAYOUTS,
    TRAINING,
    ConversationLayout,
    Turn,
    as_prompt,
    remove_markers,
    render,
    shuffled,
)
from timesuite_jax.text.replaced_times import replace_times
from timesuite_jax.text.sentencepiece_tokenizer import SentencePieceTokenizer
from timesuite_jax.text.shifted_times import shift_times
from timesuite_jax.text.span_captions import span_captions
from timesuite_jax.text.stable_text import StableText
from timesuite_jax.text.time_text import TimeStyle, clip_time_texts, format_seconds, video_time_text
from timesuite_jax.text.timestamps import format_span, parse_spans
from timesuite_jax.text.tokenizer import JsonTokenizer, SpecialIds, Tokenizer
from timesuite_jax.text.tokenizer_check import check_clip_tokenizer, check_tokenizer
from timesuite_jax.text.tokenizer_files import load_clip_tokenizer, load_tokenizer
from timesuite_jax.text.word_tokenizer import build_word_tokenizer

__all__ = [
    "EVALUATION",
    "LAYOUTS",
    "TRAINING",
    "ClipText",
    "ClipTextPadding",
    "Conversation",
    "ConversationLayout",
    "JsonTokenizer",
    "SentencePieceTokenizer",
    "SpecialIds",
    "StableText",
    "TimeSpan",
    "TimeStyle",
    "Tokenizer",
    "Turn",
    "as_prompt",
    "build_word_tokenizer",
    "check_clip_tokenizer",
    "check_tokenizer",
    "clip_time_texts",
    "denies_event",
    "encode_clip_texts",
    "encode_conversation",
    "format_seconds",
    "format_span",
    "load_clip_tokenizer",
    "load_tokenizer",
    "parse_spans",
    "remove_markers",
    "render",
    "replace_times",
    "shift_right",
    "shift_times",
    "shuffled",
    "span_captions",
    "used_columns",
    "video_time_text",
]
