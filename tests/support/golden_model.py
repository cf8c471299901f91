"""Golden models: spec, parameters and batches, with all sizes read from the files of a folder."""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
from einops import rearrange
from safetensors.numpy import load_file

from timesuite_jax.layers import LoraSpec
from timesuite_jax.models.text import MistralSpec, QFormerSpec
from timesuite_jax.models.vision import UmtSpec
from timesuite_jax.port.table import Table
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.port import table as port_table

IGNORED = -100  # label of a position without loss
BOSFIXED = "_bosfixed"

# Names of the texts, clip texts and frames of each case of forward.npz.
_INPUTS = {
    "main": ("conversations", "time_instruction_ids", "video_u8"),
    "linearp": ("conversations", "time_instruction_ids", "video_u8"),
    "trunc": ("conversations", "time_instruction_ids", "video_u8"),
    "notime": ("conversations_notime", "time_instruction_ids_notime", "video_u8"),
    "image": ("image_conversations", "image_instruction_ids", "image_u8"),
}


class GoldenModel:
    """A folder with `config.json` and `weights.safetensors`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._arrays: dict[str, dict[str, np.ndarray]] = {}
        self.config = self.json("config.json")
        self.tensors = load_file(folder / "weights.safetensors")

    def json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        if name not in self._arrays:
            with np.load(self.folder / name) as file:
                self._arrays[name] = {key: file[key] for key in file.files}
        return self._arrays[name]

    @functools.cached_property
    def sizes(self) -> port_table.VideoChatTSizes:
        return port_table.VideoChatTSizes.from_torch({name: tensor.shape for name, tensor in self.tensors.items()})

    @functools.cached_property
    def table(self) -> Table:
        return port_table.build(self.sizes)

    @functools.cached_property
    def params(self) -> dict[str, Any]:
        return self.tree(self.table)

    def tree(self, table: Table, **changes: np.ndarray) -> dict[str, Any]:
        """Returns parameters for a table (with fewer layers, without text, ...), with some tensors replaced."""
        tensors = {**self.tensors, **changes}
        return table.to_tree({name: tensors[name] for name in table.entries})

    @functools.cached_property
    def spec(self) -> VideoChatTSpec:
        """Upstream's spec: TAPE, and ones at position 0; pixels are normalised to u8 / 64 - 2, as in the goldens."""
        sizes, derived, upstream = self.config["config"], self.config["derived"], self.config["upstream_model_config"]
        tower = upstream["vision_encoder"]
        vision = UmtSpec(
            image_size=tower["img_size"],
            patch_size=tower["patch_size"],
            width=tower["encoder_embed_dim"],
            depth=tower["encoder_depth"],
            heads=tower["encoder_num_heads"],
            return_index=tower["return_index"],
            num_frames=tower["num_frames"],
            ckpt_num_frame=tower["ckpt_num_frame"],
            position_table="native" if sizes["pos224"] else "auto",
            pixel_mean=(128 / 255,) * 3,
            pixel_std=(64 / 255,) * 3,
        )
        qformer = QFormerSpec(
            width=sizes["q_hidden"],
            layers=sizes["q_layers"],
            heads=sizes["q_heads"],
            hidden=sizes["q_inter"],
            vocab=derived["bert_vocab"],
            positions=sizes["q_maxpos"],
            queries=upstream["num_query_token"],
            extra_queries=upstream["extra_num_query_token"],
            text_input=upstream["qformer_text_input"],
        )
        lora = LoraSpec(rank=upstream["lora_r"], alpha=upstream["lora_alpha"], dropout=upstream["lora_dropout"])
        return VideoChatTSpec(
            vision=vision,
            qformer=qformer,
            mistral=MistralSpec.from_hf_config(self.config["mistral_config"], lora=lora),
            num_frames=upstream["num_frames"],
            merge_len=upstream["token_merge_len"],
            bos="ones",
        )

    def frames(self, name: str) -> np.ndarray:
        """Returns `video_u8` or `image_u8` as clips [B, K, F, H, W, 3]."""
        pixels = self.arrays("inputs.npz")[name]
        frames = min(self.spec.clip_frames, pixels.shape[1])
        return rearrange(pixels, "B (K F) c H W -> B K F H W c", F=frames)

    def clip_text(self, name: str, clips: int, extra: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Returns BERT ids and mask [B, K, P], padded to the longest as upstream, then by `extra` on the right."""
        cases = self.json("cases.json")
        rows = cases[name]
        longest = max(map(len, rows))
        ids = np.zeros((len(rows), longest + extra), np.int32)
        mask = np.zeros(ids.shape, bool)
        for row, text in enumerate(rows):
            start = longest - len(text) if cases["bert_padding_side"] == "left" else 0
            ids[row, start : start + len(text)] = text
            mask[row, start : start + len(text)] = True
        return rearrange(ids, "(B K) P -> B K P", K=clips), rearrange(mask, "(B K) P -> B K P", K=clips)

    def declared_cases(self) -> set[str]:
        """Returns the cases whose inputs the folder has, so that it must have upstream's results."""
        texts = self.json("cases.json")
        cases = {name for name, (conversations, *_) in _INPUTS.items() if conversations in texts}
        absent = {"trunc": "trunc_max_txt_len" in texts, "linearp": "linearp_missing_keys" in self.config}
        return cases - {name for name, declared in absent.items() if not declared}

    def batch(self, case: str) -> dict[str, np.ndarray]:
        """Returns the batch of a case of forward.npz, truncated like the golden labels.

        All cases of a folder are right-padded to one length, which does not change the results, to compile once.
        """
        texts, clip_texts, pixels = _INPUTS[case.removesuffix(BOSFIXED)]
        stored = self.arrays("forward.npz")
        longest = max(array.shape[1] for name, array in stored.items() if name.endswith(".labels"))
        labels = stored[f"{case}.labels"]
        length = labels.shape[1]
        labels = np.pad(labels, ((0, 0), (0, longest - length)), constant_values=IGNORED)
        frames = self.frames(pixels)
        count = self.spec.image_tokens if frames.shape[2] == 1 else self.spec.video_tokens
        tokens = np.full(labels.shape, self.config["derived"]["pad_token_id"], np.int32)
        slots = np.full(labels.shape, -1, np.int32)
        valid = np.zeros(labels.shape, bool)
        bos = self.config["mistral_config"]["bos_token_id"]
        cases = self.json("cases.json")
        for row, text in enumerate(cases[texts]):
            before = [bos, *text["p_before_ids"]]
            ids = np.asarray([*before, *[0] * count, *text["p_after_ids"]])[:length]
            tokens[row, : len(ids)] = ids
            valid[row, : len(ids)] = True
            slots[row, len(before) : len(before) + count] = np.arange(count)
        own, widest = (max(map(len, cases[name])) for name in (clip_texts, "time_instruction_ids"))
        clip_text, clip_text_mask = self.clip_text(clip_texts, frames.shape[1], extra=max(0, widest - own))
        return {
            "frames": frames,
            "clip_text": clip_text,
            "clip_text_mask": clip_text_mask,
            "tokens": tokens,
            "visual_slot": slots,
            "valid": valid,
            "loss_mask": labels != IGNORED,
        }
