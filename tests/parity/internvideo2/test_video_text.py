"""The encoders of stage 2, their fusion and heads equal upstream's, of videos and images, masked and not."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_folder import GoldenFolder, assert_output
from tests.support.internvideo2 import encoder_params
from tests.support.video_text import frames_of, named, params_of, video_text_spec, visual_state
from timesuite_jax.internvideo2.stage2.model import VideoTextModel
from timesuite_jax.internvideo2.stage2.port import VideoTextSizes, build
from timesuite_jax.models.text import Bert, FusionBert
from timesuite_jax.models.text.bert import BertEmbeddings
from timesuite_jax.models.vision import InternVideo2Encoder
from timesuite_jax.objectives import unit_vectors


def texts(golden: GoldenFolder) -> tuple[jax.Array, jax.Array]:
    arrays = golden.arrays
    return jnp.asarray(arrays["text.input_ids"], jnp.int32), jnp.asarray(arrays["text.attention_mask"] == 1)


def shown(golden: GoldenFolder, media: str) -> dict:
    """The mask of a kind of media, as arguments of the encoder."""
    mask = ~golden.arrays[f"mask_{media}"][:, 1:]
    return {"mask": jnp.asarray(mask), "visible": int(mask[0].sum())}


@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh"])
@pytest.mark.parametrize("media", ["video", "image"])
@pytest.mark.parametrize("masked", [False, True])
def test_vision_with_decoders(golden_case, media, masked, activation):
    golden = golden_case("stage2_visual")
    spec = video_text_spec(golden.config, teacher=False, own_image=True, activation=activation)
    params = params_of(golden.weights("weights"))
    options = shown(golden, media) if masked else {}
    model = VideoTextModel(spec)
    run = jax.jit(functools.partial(model.apply, method=model.encode_video, visible=options.pop("visible", None)))
    found = run({"params": params}, frames_of(golden, media), **options)
    name = f"vision.sep{'' if activation == 'gelu' else '_fused'}.{media}{'_masked' if masked else ''}"
    assert_output(found.memory, golden.arrays[f"{name}.x_vis"], "tokens")
    expected = golden.arrays[f"{name}.x_clip_align"]
    assert_output(unit_vectors(found.layers)[:, :, : expected.shape[2]], expected, "layers")
    assert_output(unit_vectors(found.pooled), golden.arrays[f"{name}.x_align"], "pooled")


@pytest.mark.parametrize("media", ["video", "image"])
def test_images_without_positions_of_their_own(golden_case, media):
    """They have the mean of the positions of all frames, as in the 6B."""
    golden = golden_case("stage2_visual")
    spec = video_text_spec(golden.config, teacher=False, own_image=False).vision
    params = encoder_params(golden.weights("vision_nosep"), spec)
    options = shown(golden, media)
    run = jax.jit(functools.partial(InternVideo2Encoder(spec).apply, visible=options.pop("visible")))
    tokens, aux = run({"params": params}, frames_of(golden, media), **options)
    assert_output(tokens, golden.arrays[f"vision.nosep.{media}_masked.x_vis"], "tokens")
    assert_output(aux["pooled"], golden.arrays[f"vision.nosep.{media}_masked.x_pool_vis"], "pooled")


def test_modes_of_bert(golden_case):
    """Text mode, fusion mode with and without a mask of the visual tokens, and both one after the other."""
    golden = golden_case("stage2_visual")
    spec = video_text_spec(golden.config, teacher=False, own_image=True)
    params, arrays, (ids, mask) = params_of(golden.weights("weights")), golden.arrays, texts(golden)
    embeddings = BertEmbeddings(spec.text_encoder)
    rows = embeddings.apply({"params": params["text"]["embeddings"]}, ids, deterministic=True)
    assert_output(rows, arrays["bert.embedding_output"], "embeddings")
    text = Bert(spec.text_encoder).apply({"params": params["text"]}, ids, mask)
    assert_output(text, arrays["bert.text_last"], "text")
    fuse = functools.partial(FusionBert(spec.fusion).apply, {"params": params["fusion"]})
    memory = jnp.asarray(arrays["vision.sep.video.x_vis"])
    fused = fuse(text, mask, memory)
    assert_output(fused, arrays["bert.fusion_last"], "fusion")
    assert_output(fused, arrays["bert.multi_modal_last"], "both")
    memory_mask = jnp.asarray(arrays["bert.fusion_enc_mask"] == 1)
    assert_output(fuse(text, mask, memory, memory_mask), arrays["bert.fusion_last_masked"], "masked")
    model = VideoTextModel(spec)
    hidden, bias = model.apply({"params": params}, jnp.asarray(arrays["bert.fusion_last"]), method=model.words)
    logits = hidden @ params["text"]["embeddings"]["word"]["embedding"].T
    assert_output(logits + bias[None, None], arrays["bert.mlm_logits_of_fusion"], "words")


def test_embeddings_and_matching(golden_case):
    golden = golden_case("stage2_visual")
    spec = video_text_spec(golden.config, teacher=False, own_image=True)
    params, arrays, (ids, mask) = params_of(golden.weights("weights")), golden.arrays, texts(golden)
    model = VideoTextModel(spec)

    @jax.jit
    def run(params, frames, ids, mask):
        variables = {"params": params}
        video = model.apply(variables, frames, method=model.encode_video)
        text = model.apply(variables, ids, mask, method=model.encode_text)
        fused = model.apply(variables, text.tokens, mask, video.memory, method=model.fuse)
        return video, text, model.apply(variables, fused, method=model.match)

    video, text, logits = run(params, frames_of(golden, "video"), ids, mask)
    assert_output(video.embedding, arrays["encode.vision_proj"], "video")
    assert_output(text.tokens[:, 0], arrays["encode.text_pooled"], "class token")
    assert_output(text.embedding, arrays["encode.text_proj"], "text")
    assert_output(logits, arrays["encode.itm_logits_matched"], "matching")


def test_projected_memory(golden_case):
    """The 6B projects visual tokens before texts attend to them."""
    golden = golden_case("stage2_audiovisual")
    spec = video_text_spec(golden.config, teacher=True, own_image=False)
    assert spec.memory_width
    params, arrays = params_of(visual_state(golden.weights("weights"))), golden.arrays
    model = VideoTextModel(spec)
    mask = ~arrays["audio_video.mask"][:, 1:].astype(bool)
    run = jax.jit(functools.partial(model.apply, method=model.encode_video, visible=int(mask[0].sum())))
    video = run({"params": params}, frames_of(golden, "video"), mask=jnp.asarray(mask))
    assert_output(video.memory, arrays["audio_video.av_concat_vision_proj"], "memory")
    assert_output(video.embedding, arrays["audio_video.vision_proj"], "video")


@pytest.mark.parametrize(
    ("case", "weights"),
    [("stage2_visual", "weights"), ("stage2_visual", "weights_B"), ("stage2_audiovisual", "weights")],
)
def test_state_dicts_in_both_directions(golden_case, case, weights):
    """The table has upstream's names, in the order of its state dict, and gives the same bytes back."""
    golden = golden_case(case)
    state = visual_state(golden.weights(weights))
    params = params_of(state)
    table = build(VideoTextSizes.from_torch({name: value.shape for name, value in state.items()}))
    again = table.to_torch(jax.tree.map(np.asarray, params))
    assert set(again) == set(state)
    for key, value in again.items():
        assert value.dtype == state[key].dtype and value.tobytes() == state[key].tobytes(), key
    if weights == "weights":
        order = [key for key in golden.config["param_order"] if key in named(params)]
        assert [key for key in table.torch_names if key in order] == order
