"""The InternVideo2 encoder alone, for features of videos and for porting; it has no objective to train with.

    timesuite features videos/ --out features --config configs/internvideo2/encoder.py:1b \\
        --config.weights.files="('downloads/InternVideo2-stage2_1b-224p-f4.pt',)"

`:small`, `:base`, `:large`, `:1b` (the default) and `:6b` are the released sizes. Released files are for 4 frames
(stage 2) or 8 (the others); with `config.weights.position_frames` set to the file's number, its position embeddings are
interpolated to `config.model.num_frames` and `config.model.image_size`. `:debug` is tiny.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.variants import check_variant

VARIANTS = ("small", "base", "large", "1b", "6b", "debug")


def get_config(arg: str | None = None) -> ConfigDict:
    check_variant(arg, VARIANTS)
    size = arg or "1b"
    model = {
        "variant": size,
        "num_frames": 8 if size in ("small", "base", "large") else 4,
        "image_size": 28 if size == "debug" else 224,
        "positions": "joint",
        # The 1B of stage 2 has positions of its own for images, which other files lack.
        "image_positions": "own" if size == "1b" else "mean",
        # Upstream's fused kernels, which trained all released weights but stage 3's, have the tanh form of GELU.
        "activation": "gelu_tanh",
        "layer_scale_float32": True,  # False for stage 3 and the CLIP models
        "dtype": "float32" if size == "debug" else "bfloat16",
    }
    config = ConfigDict({"task": "internvideo2_encoder", "model": model})
    config.weights = {"files": (), "position_frames": 0}
    config.training = {"mesh": {"replica": 1, "data": 1, "fsdp": -1, "tensor": 1}}
    return config
