"""Config of a VideoChat-T with half a million parameters, which trains from scratch on a laptop.

Found by experiment; docs/quickstart.md describes what failed. Two choices make so small a model use the video *and* the
question within minutes: one visual token per frame (clips of two frames instead of eight), and questions on one video
that do not attend to each other.
"""

from collections.abc import Sequence
from typing import Any

from ml_collections import ConfigDict

FRAMES, CLIP_FRAMES, QUERIES = 16, 2, 8


def tiny_config(
    tokenizer: str, vocab: int, corpora: Sequence[str], *, batch_size: int, bucket: int, clip_text_length: int
) -> ConfigDict:
    """Returns the config of a run, in the form of those in configs, without the length of training.

    Args:
      tokenizer: file of the language model's and the Q-Former's tokenizer.
      vocab: its number of tokens.
      corpora: folders of the training corpora.
      batch_size: records of a step.
      bucket: tokens of a sequence, visual ones included.
      clip_text_length: tokens of the text of a clip.
    """
    return ConfigDict(
        {
            "task": "videochat_t",
            "model": _model(vocab, clip_text_length),
            "trained": ("*",),
            "loss_chunk": 64,
            "text": {"tokenizer": tokenizer, "clip_tokenizer": tokenizer},
            "data": {
                "corpora": tuple(corpora),
                "batch_size": batch_size,
                "buckets": (bucket,),
                "clip_text_length": clip_text_length,
                "sampling": "middle",
                "transform": "whole",
                "turns": "independent",
                "cache_decoded": True,  # 48 KB per video: a few hundred MB in all, instead of a decode in every epoch
                "threads": 1,
            },
            # Constrained answers need 21 tokens for a span in a video of any length.
            "evaluation": {"corpora": (), "batch_size": 50, "max_new_tokens": 24, "window_s": 10.0},
            "training": {
                "total_steps": 0,
                "epochs": 0.0,
                "seed": 0,
                "log_every": 50,
                "save_every": 500,
                "eval_every": 0,
                "keep": 1,
                "optimizer": {
                    "learning_rate": 1e-3,
                    "warmup_steps": 100.0,
                    "min_lr_ratio": 0.05,
                    "b2": 0.95,
                    "weight_decay": 0.02,
                    "clip_norm": 1.0,
                },
            },
        }
    )


def _model(vocab: int, clip_text_length: int) -> dict[str, Any]:
    return {
        "variant": "debug",
        "num_frames": FRAMES,
        "tape": True,
        "train_vision": True,
        "vision": {
            "image_size": 32,
            "patch_size": 16,
            "width": 64,
            "depth": 1,
            "return_index": -1,
            "heads": 4,
            "mlp_ratio": 2,
            "num_frames": CLIP_FRAMES,
            "ckpt_num_frame": CLIP_FRAMES,
            "position_table": "native",
            "unroll": True,
        },
        "qformer": {
            "width": 64,
            "layers": 2,
            "heads": 4,
            "hidden": 128,
            "vocab": vocab,
            "positions": max(32, clip_text_length),
            "queries": QUERIES // 2,
            "extra_queries": QUERIES // 2,
            # The model is too small to overfit, and noise costs steps.
            "hidden_dropout": 0.0,
            "attention_dropout": 0.0,
            "drop_path": 0.0,
            "embedding_std": 0.5,
            "unroll": True,
        },
        "mistral": {
            "vocab": vocab,
            "width": 96,
            "mlp": 192,
            "layers": 3,
            "heads": 4,
            "kv_heads": 2,
            "head_width": 24,
            "rope_theta": 1e4,
            "embedding_std": 0.5,
            "lora": None,  # everything is trained
            "unroll": True,
        },
    }
