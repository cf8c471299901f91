"""The port table of stage 2, whose parameters `model.py` lists, and the roles of its files."""

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from timesuite_jax.internvideo2 import encoder_keys
from timesuite_jax.internvideo2.decoder_entries import count_decoders, feature_decoders
from timesuite_jax.internvideo2.encoder_keys import EncoderSizes
from timesuite_jax.internvideo2.stage2.audio_entries import (
    AUDIO,
    AUDIO_HEADS,
    AudioSizes,
    audio_entries,
    with_repeated,
)
from timesuite_jax.port import ModelPort, Role
from timesuite_jax.port.layout import SAME_1D, SAME_2D, TensorLayout
from timesuite_jax.port.loading_order import Shape
from timesuite_jax.port.table import Entry, Table
from timesuite_jax.port.tables import bert, internvideo2
from timesuite_jax.port.tables.layers import count_layers, dense, norm

VISION, TEXT, TEACHER = "vision_encoder", "text_encoder", "clip_teacher"
_BERT, _PREDICTIONS = f"{TEXT}.bert", f"{TEXT}.cls.predictions"
_MEMORY = "av_concat_vision_proj"
_HEADS = ("vision_proj", "text_proj", "itm_head", "temp")
_SCALAR = TensorLayout("", "")
_DECODERS = (r"clip_(?:img_)?pos_embed", "clip_decoder", "final_clip_decoder")
_OLD_NORM = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}  # of the first BERT files
_BARE_TEXT = re.compile(rf"{TEXT}\.(?=embeddings\.|encoder\.)")
_AUDIO = re.compile(rf"(?:{'|'.join((AUDIO, *AUDIO_HEADS))})(?:\.|$)")
_BEATS = ("post_extract_proj", "patch_embedding", r"encoder\.pos_conv", r"encoder\.layers", r"(?:encoder\.)?layer_norm")


@dataclasses.dataclass(frozen=True)
class VideoTextSizes:
    """What decides which keys exist; all other sizes are read off the tensors."""

    vision: EncoderSizes
    decoders: int  # layers with a decoder
    mlp: bool  # decoders
    memory: bool  # whether visual tokens are projected
    teacher: EncoderSizes | None
    text_layers: int
    fusion_layers: int
    positions: int  # of texts
    audio: AudioSizes | None

    @classmethod
    def from_torch(cls, shapes: Mapping[str, Shape]) -> "VideoTextSizes":
        """Reads the sizes off a state dict.

        Raises:
          KeyError: naming the tensor that is missing.
        """
        layers = count_layers(shapes, f"{_BERT}.encoder.layer")
        fusion = [
            f"{_BERT}.encoder.layer.{layer}.crossattention.self.query.weight" in shapes for layer in range(layers)
        ]
        return cls(
            EncoderSizes.from_torch(shapes, f"{VISION}."),
            count_decoders(shapes, f"{VISION}."),
            f"{VISION}.clip_decoder.0.head.0.weight" in shapes,
            f"{_MEMORY}.0.weight" in shapes,
            EncoderSizes.from_torch(shapes, f"{TEACHER}.") if f"{TEACHER}.cls_token" in shapes else None,
            layers - sum(fusion),
            sum(fusion),
            shapes[f"{_BERT}.embeddings.position_embeddings.weight"][0],
            AudioSizes.from_torch(shapes),
        )

    @classmethod
    def from_tree(cls, shapes: Mapping[str, Shape]) -> "VideoTextSizes":
        """Reads the sizes off a parameter tree, by path.

        Raises:
          KeyError: naming the parameter that is missing.
        """
        return cls(
            EncoderSizes.from_tree(shapes, "vision/encoder/"),
            shapes.get("vision/decoders/layers/norm/scale", (0,))[0],
            "vision/pooled_decoder/hidden/kernel" in shapes,
            "memory_proj/kernel" in shapes,
            EncoderSizes.from_tree(shapes, "teacher/") if "teacher/cls_token" in shapes else None,
            shapes["text/layers/norm/scale"][0],
            shapes["fusion/layers/norm/scale"][0],
            shapes["text/embeddings/position/embedding"][0],
            AudioSizes.from_tree(shapes),
        )


def build(sizes: VideoTextSizes) -> Table:
    """The table for one size, its keys in the order of upstream's state dict."""
    vision, teacher = sizes.vision, sizes.teacher
    options: dict[str, Any] = {"separate": vision.separate, "own_image": vision.own_image}
    entries = [Entry("temp", "temperature", _SCALAR, trainable=True)]
    if teacher:
        frozen = f"{TEACHER}.", "teacher/", teacher.blocks, teacher.patch
        entries += internvideo2.entries(*frozen, separate=teacher.separate, width="teacher_width", trainable=False)
    positions = internvideo2.positions(f"{VISION}.", "vision/", "clip_", **options) if sizes.decoders else []
    encoder = f"{VISION}.", "vision/encoder/", vision.blocks, vision.patch
    entries += internvideo2.entries(*encoder, **options, decoder_positions=positions)
    if sizes.decoders:
        entries += feature_decoders(f"{VISION}.", "vision/", sizes.decoders, mlp=sizes.mlp)
    if sizes.memory:
        entries += dense(f"{_MEMORY}.0", "memory_proj", "memory width", trainable=True)
        entries += norm(f"{_MEMORY}.1", "memory_norm", "memory", trainable=True)
    entries += _text(sizes)
    if sizes.audio:
        entries += audio_entries(sizes.audio)
    entries += dense("vision_proj", "vision_proj", "embedding pooled", trainable=True)
    entries += dense("text_proj", "text_proj", "embedding text", trainable=True)
    entries += dense("itm_head", "match_head", "_ text", trainable=True)
    buffers = [bert.position_ids(f"{_BERT}.embeddings", sizes.positions)]
    tied = {
        f"{_PREDICTIONS}.decoder.weight": f"{_BERT}.embeddings.word_embeddings.weight",
        f"{_PREDICTIONS}.decoder.bias": f"{_PREDICTIONS}.bias",
    }
    keys = [entry.torch for entry in entries]
    # Buffers are before the parameters of their module, and the repeated tensors are the last of theirs.
    first = keys.index(f"{_BERT}.embeddings.word_embeddings.weight")
    last = keys.index(f"{_PREDICTIONS}.transform.LayerNorm.bias") + 1
    keys = [*keys[:first], buffers[0].torch, *keys[first:last], *tied, *keys[last:]]
    if sizes.audio:
        keys, repeated = with_repeated(keys, sizes.audio)
        tied |= repeated
    ranks = {key: rank for rank, key in enumerate(keys)}
    return Table(VideoTextPort.name, entries, buffers, ranks.__getitem__, tied)


def _text(sizes: VideoTextSizes) -> list[Entry]:
    embeddings, width = "text/embeddings", "text"
    entries = [
        *bert.token_embeddings(f"{_BERT}.embeddings", embeddings, width=width, trainable=True),
        Entry(
            *(f"{_BERT}.embeddings.token_type_embeddings.weight", f"{embeddings}/token_type/embedding", SAME_2D),
            axes=f"_ {width}",
            trainable=True,
        ),
        *norm(f"{_BERT}.embeddings.LayerNorm", f"{embeddings}/norm", width, trainable=True),
    ]
    for number in range(sizes.text_layers + sizes.fusion_layers):
        fusion = number >= sizes.text_layers
        entries += bert.encoder_layer(
            f"{_BERT}.encoder",
            "fusion/layers" if fusion else "text/layers",
            number,
            width=width,
            first=sizes.text_layers if fusion else 0,
            memory=("memory" if sizes.memory else "width") if fusion else None,
            trainable=True,
        )
    transform = f"{_PREDICTIONS}.transform"
    return [
        *entries,
        Entry(f"{_PREDICTIONS}.bias", "word_head/bias", SAME_1D, f"{width}_vocab", trainable=True),
        *dense(f"{transform}.dense", "word_head/dense", f"{width} {width}", trainable=True),
        *norm(f"{transform}.LayerNorm", "word_head/norm", width, trainable=True),
    ]


def spelling(key: str) -> str:
    """A key as the table has it; a tower that is not pretrained further lacks "bert." (`is_pretrain=False`)."""
    return _BARE_TEXT.sub(f"{_BERT}.", internvideo2.spelling(key))


def _bert_spelling(key: str) -> str:
    """A key of a published BERT, behind "text_encoder."."""
    for old, new in _OLD_NORM.items():
        key = key.replace(old, new)
    return spelling(key)


def _not_the_vision_encoder(key: str, keys: Collection[str]) -> str | None:
    """Why a file of stage 1 has more than this encoder."""
    own = key.removeprefix(f"{VISION}.")
    if re.match(rf"(?:{'|'.join(_DECODERS)})(?:\.|$)", own):
        return "a decoder of masked reconstruction, which this model does not have"
    return encoder_keys.belongs_elsewhere(own, keys)


def _not_the_text(key: str, keys: Collection[str]) -> str | None:
    del keys
    others = (f"{_BERT}.pooler.", f"{TEXT}.cls.seq_relationship.")
    return "the pooler and heads of pre-training" if key.startswith(others) else None


def _not_the_teacher(key: str, keys: Collection[str]) -> str | None:
    return encoder_keys.not_of_videos(key.removeprefix(f"{TEACHER}."), keys)


def _not_the_audio_encoder(key: str, keys: Collection[str]) -> str | None:
    del keys
    return "a classifier of sounds" if key.startswith(f"{AUDIO}.predictor") else None


class VideoTextPort(ModelPort):
    """The port of stage 2 without audio."""

    name = "internvideo2_video_text"
    title = "InternVideo2 model of stage 2"
    roles = (
        Role(
            "encoder",
            "a student of stage 1, with its decoders to InternVL-C",
            prefix=f"{VISION}.",
            roots=(*encoder_keys.ROOTS, *_DECODERS),
            spelling=internvideo2.spelling,
            requires=lambda entry: entry.torch.startswith(f"{VISION}."),
            ignored=_not_the_vision_encoder,
        ),
        Role(
            "text",
            "bert-large-uncased: its layers before cross-attention, and the head of masked words",
            prefix=f"{TEXT}.",
            roots=("bert", r"cls\.predictions"),
            spelling=_bert_spelling,
            requires=lambda entry: entry.torch.startswith(f"{TEXT}."),
            ignored=_not_the_text,
        ),
        Role(
            "teacher",
            "internvl_c_13b_224px.pth: InternVL-C, whose image encoder is used; only with model.teacher",
            prefix=f"{TEACHER}.",
            roots=encoder_keys.ROOTS,
            spelling=internvideo2.spelling,
            requires=lambda entry: entry.torch.startswith(f"{TEACHER}."),
            ignored=_not_the_teacher,
        ),
        Role(
            "audio",
            "BEATs_iter3+ (AS2M): the audio encoder; only with model.audio",
            prefix=f"{AUDIO}.",
            roots=_BEATS,
            requires=lambda entry: entry.torch.startswith(f"{AUDIO}."),
            ignored=_not_the_audio_encoder,
        ),
        Role(
            "checkpoint",
            "a complete model of stage 2, such as InternVideo2-stage2_1b-224p-f4.pt",
            roots=(VISION, TEXT, TEACHER, AUDIO, _MEMORY, *_HEADS, *AUDIO_HEADS),
            spelling=spelling,
            complete=True,
        ),
    )
    tree_roots = (
        *("vision", "text", "fusion", "word_head", "vision_proj", "text_proj", "match_head"),
        *("memory_proj", "memory_norm", "temperature", "teacher"),
        *("audio", "both_proj", "audio_match_head", "both_match_head"),
    )

    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(VideoTextSizes.from_torch(shapes))

    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(VideoTextSizes.from_tree(shapes))

    def reason_to_ignore(self, key: str, table: Table) -> str | None:
        """Parts for audio, where the model has none."""
        del table
        return "a part for audio, which this model does not have" if _AUDIO.match(key) else None

    def missing_hint(self, keys: Sequence[str]) -> str:
        """Parts that files of other stages or of fine-tuning lack."""
        if keys and all(key.startswith(f"{TEXT}.cls.") for key in keys):
            return "the file was fine-tuned without the head of masked words; give the file of stage 2 before it"
        if keys and all("pos_embed" in key and "img_" in key for key in keys):
            return "the file has no positions of images; set model.vision.image_positions='mean', as for the 6B"
        return ""

    def shape_hint(self, key: str, found: Shape, wanted: Shape) -> str:
        """Another number of frames, or another size of the model."""
        if "pos_embed" in key and found[2:] == wanted[2:]:
            return internvideo2.OTHER_POSITIONS
        if ".crossattention." in key and found[:1] == wanted[:1]:
            return "the width of the tokens that texts attend to; set model.variant, or model.memory_width"
        return ""

    def files_with_trained(self, files: Sequence[str], trained: str) -> list[str]:
        """The files of what is not trained, and the trained model."""
        return [*(file for file in files if file.startswith(("teacher=", "audio="))), f"checkpoint={trained}"]


PORT = VideoTextPort()
