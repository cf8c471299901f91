"""Golden models: spec, parameters and batches, with all sizes read from the files of a folder."""

import dataclasses
import functools
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from einops import rearrange
from PIL import Image
from safetensors.numpy import load_file

from timesuite_jax.data.corpora import Record
from timesuite_jax.layers import LoraSpec
from timesuite_jax.models.text import MistralSpec, QFormerSpec
from timesuite_jax.models.vision import UmtSpec
from timesuite_jax.port.table import Table
from timesuite_jax.port.weights import WeightsSpec
from timesuite_jax.text import Turn, encode_clip_texts, encode_conversation
from timesuite_jax.videochat_t.config import EvaluationSpec, TextSpec, VideoChatTConfig
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample import Sample, TokenizedConversation
from timesuite_jax.videochat_t.data.sample_maker import SampleMaker
from timesuite_jax.videochat_t.data.spec import DataSpec
from timesuite_jax.videochat_t.data.token_row import lay_out
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.port import table as port_table
from timesuite_jax.videochat_t.task import VideoChatTask

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
        """Upstream's spec: TAPE, ones at position 0, clip texts padded on the left.

        As in the goldens, pixels are normalised to u8 / 64 - 2, and nothing is dropped out.
        """
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
            hidden_dropout=0.0,
            attention_dropout=0.0,
            drop_path=0.0,
        )
        lora = LoraSpec(rank=upstream["lora_r"], alpha=upstream["lora_alpha"], dropout=0.0)
        return VideoChatTSpec(
            vision=vision,
            qformer=qformer,
            mistral=MistralSpec.from_hf_config(self.config["mistral_config"], lora=lora),
            num_frames=upstream["num_frames"],
            merge_len=upstream["token_merge_len"],
            bos="ones",
            clip_text_padding="left_per_video",
        )

    def frames(self, name: str) -> np.ndarray:
        """Returns `video_u8` or `image_u8` as clips [B, K, F, H, W, 3]."""
        pixels = self.arrays("inputs.npz")[name]
        frames = min(self.spec.clip_frames, pixels.shape[1])
        return rearrange(pixels, "B (K F) c H W -> B K F H W c", F=frames)

    @property
    def tokenizer_folders(self) -> tuple[Path, Path]:
        """Folders of the language model's tokenizer and of the Q-Former's."""
        root = self.folder.parent / "tokenizers"
        return root / "mistral", root / "bert"

    def task(self, spec: VideoChatTSpec | None = None, *, bucket: int = 1024, **evaluation: Any) -> VideoChatTask:
        """Returns the task that a run with this model has; fields of `config.evaluation` may be given."""
        text = TextSpec(*map(str, self.tokenizer_folders))
        data = DataSpec(
            corpora=("unused",),
            batch_size=2,
            buckets=(bucket,),
            clip_text_length=64,
            sampling="middle",
            transform="whole",
            turns="all",
        )
        evaluation = {"max_new_tokens": 16, **evaluation}
        return VideoChatTask(
            VideoChatTConfig(spec or self.spec, text, data, EvaluationSpec(**evaluation), WeightsSpec(), loss_chunk=32)
        )

    def record(self, video: int, turns: Sequence[Turn], seconds: Sequence[float]) -> Record:
        """Returns a corpus record of one of the golden videos, with losslessly stored frames."""
        frames = rearrange(self.arrays("inputs.npz")["video_u8"][video], "T c H W -> T H W c")
        images = tuple(_png(frame) for frame in frames)
        times = tuple(seconds) if len(seconds) == len(images) else tuple(float(i) for i in range(len(images)))
        return Record(
            f"golden/{video}", "golden", "conversation", tuple(turns), times[-1] + 1, frames=images, frame_times=times
        )

    def declared_cases(self) -> set[str]:
        """Returns the cases whose inputs the folder has, so that it must have upstream's results."""
        texts = self.json("cases.json")
        cases = {name for name, (conversations, *_) in _INPUTS.items() if conversations in texts}
        absent = {"trunc": "trunc_max_txt_len" in texts, "linearp": "linearp_missing_keys" in self.config}
        return cases - {name for name, declared in absent.items() if not declared}

    def batch(self, case: str) -> dict[str, np.ndarray]:
        """Returns the batch of a case of forward.npz as the training stream makes it, truncated like the golden labels.

        The stream never truncates an answer; the case `trunc` does. All cases of a folder are padded on the right to
        one length, which does not change the results, to compile once.
        """
        texts, _, pixels = _INPUTS[case.removesuffix(BOSFIXED)]
        stored = self.arrays("forward.npz")
        longest = max(array.shape[1] for name, array in stored.items() if name.endswith(".labels"))
        conversations = [case["text"] for case in self.json("cases.json")[texts]]
        if pixels == "image_u8":
            batch = self._image_batch(conversations, longest)
        else:
            task = self.task(dataclasses.replace(self.spec, clip_text_padding="left_per_batch"), bucket=longest)
            processor = Processor(task.config.data, task.config.video_inputs(), *task.tokenizers, train=True)
            samples = [self._sample(processor, video, text) for video, text in enumerate(conversations)]
            batch = processor.collate(samples, fixed_length=True)
        length = stored[f"{case}.labels"].shape[1]
        kept = np.arange(longest) < length
        return {
            **batch,
            "visual_slot": np.where(kept, batch["visual_slot"], -1),
            "valid": batch["valid"] & kept,
            "loss_mask": batch["loss_mask"] & kept,
        }

    def _sample(self, processor: Processor, video: int, text: str) -> Sample:
        turns, seconds = turns_of_text(text), seconds_of_text(text)
        record = self.record(video, turns, seconds)
        sample = SampleMaker(processor)(record, np.random.default_rng(0))
        assert isinstance(sample, Sample), sample
        if len(seconds) == len(record.frames):
            return sample
        # A record has the times of all frames; these texts have fewer, or none.
        ids, mask, cut = processor.clip_texts(seconds)
        video_inputs = dataclasses.replace(sample.video, clip_text=ids, clip_text_mask=mask, clip_text_cut=cut)
        conversation = processor.conversation(turns, seconds)
        assert isinstance(conversation, TokenizedConversation), conversation
        return Sample(video_inputs, conversation)

    def _image_batch(self, conversations: Sequence[str], length: int) -> dict[str, np.ndarray]:
        """The parts of a batch of images; records have videos only."""
        tokenizer, clip_tokenizer = self.task().tokenizers
        rows = [
            lay_out(
                encode_conversation(tokenizer, turns_of_text(text), media="Image"),
                n_visual=self.spec.image_tokens,
                length=length,
                special=tokenizer.special,
            )
            for text in conversations
        ]
        # The texts of all images of the call are padded together.
        text = encode_clip_texts(clip_tokenizer, self.json("cases.json")["image_instructions"], 64, "left_per_batch")
        fields = ("tokens", "visual_slot", "loss_mask", "valid")
        return {
            "frames": self.frames("image_u8"),
            "clip_text": text.ids[:, None],
            "clip_text_mask": text.mask[:, None],
            **{name: np.stack([getattr(row, name) for row in rows]) for name in fields},
        }


def turns_of_text(text: str) -> list[Turn]:
    """Splits a training text into turns: the goldens of models contain only the text."""
    first, *rest = text.split("</s>")[:-1]
    head, _, answer = first.rpartition("[/INST]")
    instruction = head.partition("[INST]")[0]
    question = head.rpartition("[INST]")[2] if head.count("[INST]") > 1 else ""
    turns = [Turn(question.strip(), answer[1:-1], instruction.strip())]
    for piece in rest:
        question, _, answer = piece.rpartition("[/INST]")
        turns.append(Turn(question.replace("[INST]", "").strip(), answer[1:-1]))
    return turns


def seconds_of_text(text: str) -> list[float]:
    """Returns the timestamps in a training text or prompt; empty if there are none."""
    listed = text.partition("frames sampled at ")[2].partition(" seconds")[0]
    return [float(second) for second in listed.split(", ") if second]


def _png(frame: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(frame).save(out, "PNG")
    return out.getvalue()
