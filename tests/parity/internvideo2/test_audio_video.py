"""The encoders of stage 2 with audio, their fusion and heads equal upstream's, and so do the names of its tensors."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange

from tests.support.audio_video import audio_video_spec
from tests.support.golden_folder import assert_output
from tests.support.video_text import frames_of, named, params_of
from timesuite_jax.internvideo2.stage2.model import VideoTextModel
from timesuite_jax.internvideo2.stage2.port import VideoTextSizes, build


def test_encoders(golden_case):
    """Without masks, as in evaluation."""
    golden = golden_case("stage2_audiovisual")
    model, arrays = VideoTextModel(audio_video_spec(golden.config)), golden.arrays
    params = params_of(golden.weights("weights"))

    @jax.jit
    def run(params, frames, spectrograms, ids, mask):
        apply = functools.partial(model.apply, {"params": params})
        video, audio = apply(frames, method=model.encode_video), apply(spectrograms, method=model.encode_audio)
        return video, audio, apply(ids, mask, method=model.encode_text)

    ids, mask = jnp.asarray(arrays["text.input_ids"], jnp.int32), jnp.asarray(arrays["text.attention_mask"] == 1)
    video, audio, text = run(params, frames_of(golden, "video"), jnp.asarray(arrays["audio"]), ids, mask)
    assert_output(video.memory, arrays["encode.vision_embeds"], "video")
    assert_output(audio.memory, arrays["encode.audio_embeds"], "audio")
    assert_output(audio.embedding, arrays["audio_video.audio_proj"], "embedding of audio")
    assert_output(text.tokens, arrays["encode.text_embeds"], "text")
    assert_output(text.embedding, arrays["audio_video.text_proj"], "embedding of text")


def test_sound_and_picture_together(golden_case):
    golden = golden_case("stage2_audiovisual")
    model, arrays = VideoTextModel(audio_video_spec(golden.config)), golden.arrays
    params = params_of(golden.weights("weights"))
    mask = ~arrays["audio_video.mask"][:, 1:].astype(bool)

    @functools.partial(jax.jit, static_argnames="visible")
    def run(params, frames, spectrograms, mask, visible):
        apply = functools.partial(model.apply, {"params": params})
        video = apply(frames, mask=mask, visible=visible, method=model.encode_video)
        audio = apply(spectrograms, method=model.encode_audio)
        return audio, apply(audio, video, method=model.with_sound)

    spectrograms = jnp.asarray(arrays["audio"])
    audio, both = run(params, frames_of(golden, "video"), spectrograms, jnp.asarray(mask), int(mask[0].sum()))
    assert_output(both.embedding, arrays["audio_video.av_fusion"], "embedding")
    assert_output(both.memory[:, : audio.memory.shape[1]], arrays["audio_video.av_concat_audio_proj"], "sound first")
    assert_output(both.memory[:, audio.memory.shape[1] :], arrays["audio_video.av_concat_vision_proj"], "then picture")


def test_segments_of_a_video(golden_case):
    """Features of a longer video are the means of those of its interleaved clips (`num_test_segments` upstream)."""
    golden = golden_case("stage2_audiovisual")
    model, arrays = VideoTextModel(audio_video_spec(golden.config)), golden.arrays
    params = params_of(golden.weights("weights"))
    frames = frames_of(golden, "encode_2segments.video")
    encode = jax.jit(functools.partial(model.apply, method=model.encode_video))
    clips = [encode({"params": params}, clip) for clip in rearrange(frames, "n (F k) H W c -> k n F H W c", k=2)]
    memory = np.mean([clip.memory for clip in clips], axis=0)
    assert_output(memory, arrays["encode_2segments.vision_embeds"], "tokens")
    pooled = arrays["encode_2segments.vision_pooled"]
    expected = pooled @ params["vision_proj"]["kernel"] + params["vision_proj"]["bias"][None]
    assert_output(np.mean([clip.embedding for clip in clips], axis=0), expected, "embedding")


def test_state_dicts_in_both_directions(golden_case):
    golden = golden_case("stage2_audiovisual")
    state = golden.weights("weights")
    params = params_of(state)
    table = build(VideoTextSizes.from_torch({name: value.shape for name, value in state.items()}))
    again = table.to_torch(jax.tree.map(np.asarray, params))
    assert set(again) == set(state)
    for key, value in again.items():
        assert value.dtype == state[key].dtype and value.tobytes() == state[key].tobytes(), key
    order = golden.config["param_order"]
    trained = [key for key in order if not key.startswith("clip_teacher.")]
    assert sorted(named(params)) == sorted(trained)
    assert [key for key in table.torch_names if key in set(trained)] == trained
