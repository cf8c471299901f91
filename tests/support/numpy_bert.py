"""BERT in NumPy and float64, from a state dict of Hugging Face's `BertModel`: a reference for ours."""

from collections.abc import Mapping

import numpy as np
from scipy.special import erf, softmax

SIZES = {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "vocab_size": 30,
    "max_position_embeddings": 64,
    "type_vocab_size": 2,
}


def random_state(seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights in float32 under Hugging Face's names, with the pooler and the buffer that checkpoints have."""
    rng = np.random.default_rng(seed)
    width, hidden = SIZES["hidden_size"], SIZES["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (SIZES["vocab_size"], width),
        "embeddings.position_embeddings.weight": (SIZES["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (SIZES["type_vocab_size"], width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
        "pooler.dense.weight": (width, width),
        "pooler.dense.bias": (width,),
    }
    dense = {"attention.self.query": (width, width), "attention.self.key": (width, width)}
    dense |= {"attention.self.value": (width, width), "attention.output.dense": (width, width)}
    dense |= {"intermediate.dense": (hidden, width), "output.dense": (width, hidden)}
    for number in range(SIZES["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        for name, shape in dense.items():
            shapes |= {f"{layer}.{name}.weight": shape, f"{layer}.{name}.bias": shape[:1]}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}.{name}.weight": (width,), f"{layer}.{name}.bias": (width,)}
    state = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    return state | {"embeddings.position_ids": np.arange(SIZES["max_position_embeddings"], dtype=np.int64)[None]}


def bert(state: Mapping[str, np.ndarray], ids: list[int], heads: int = SIZES["num_attention_heads"]) -> np.ndarray:
    """Outputs of all tokens of one text without padding, float64."""
    weights = {name: value.astype(np.float64) for name, value in state.items()}

    def dense(name: str, x: np.ndarray) -> np.ndarray:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(name: str, x: np.ndarray) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-12) * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    tables = [weights[f"embeddings.{kind}_embeddings.weight"] for kind in ("word", "position", "token_type")]
    x = norm("embeddings.LayerNorm", tables[0][ids] + tables[1][: len(ids)] + tables[2][0])
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    for number in range(len(layers)):
        layer = f"encoder.layer.{number}"
        q, k, v = (
            dense(f"{layer}.attention.self.{part}", x).reshape(len(ids), heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        mixed = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]), axis=-1) @ v
        attended = dense(f"{layer}.attention.output.dense", mixed.transpose(1, 0, 2).reshape(x.shape))
        x = norm(f"{layer}.attention.output.LayerNorm", x + attended)
        inner = dense(f"{layer}.intermediate.dense", x)
        branch = dense(f"{layer}.output.dense", inner * 0.5 * (1 + erf(inner / np.sqrt(2))))
        x = norm(f"{layer}.output.LayerNorm", x + branch)
    return x


def sentence_vector(state: Mapping[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """The mean of the outputs of all tokens, of length 1."""
    mean = bert(state, ids).mean(0)
    return mean / np.linalg.norm(mean)
