"""Which files of features are kept: those of the same video, the same settings and the same model."""

import dataclasses

import numpy as np
import pytest
from etils import epath

from timesuite_jax.embeddings.video import FORMATS, FeatureRequest, VideoFeatures, write_features
from timesuite_jax.embeddings.video.extraction_job import pending_extractions
from timesuite_jax.embeddings.video.inputs import Extraction
from timesuite_jax.embeddings.video.request import feature_settings
from timesuite_jax.embeddings.video.source_identity import source_identity
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.encoder.features import feature_encoder
from timesuite_jax.models.vision import InternVideo2Spec

SPEC = InternVideo2Spec.from_variant("debug")


def settings_of(spec=SPEC, weights="abc", **request):
    request = FeatureRequest(**request)
    return feature_settings(request, feature_encoder(spec, request), {"weights": weights})


def extracted(folder, suffix="npz", **settings):
    """A video and its file of features."""
    folder.mkdir(exist_ok=True)
    one = Extraction(epath.Path(folder) / "a.mp4", epath.Path(folder) / f"a.{suffix}")
    one.video.write_bytes(b"a video")
    content = {**settings_of(), "source": source_identity(one.video), **settings}
    write_features(one.output, VideoFeatures(np.ones((1, 2), np.float32), np.ones((1, 2)), content))
    return one


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_complete_file_is_kept(tmp_path, suffix):
    one = extracted(tmp_path, suffix)
    other = Extraction(one.video, epath.Path(tmp_path) / f"b.{suffix}")
    assert pending_extractions([one, other], settings_of()) == [other]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pixel_mean": (0.5, 0.5, 0.5)}, "model.pixel_mean=[0.485, 0.456, 0.406], not [0.5, 0.5, 0.5]"),
        ({"pixel_std": (0.5, 0.5, 0.5)}, "model.pixel_std="),
        ({"activation": "gelu"}, "model.activation=gelu_tanh, not gelu"),
        ({"layer_scale_float32": False}, "model.layer_scale_float32=True, not False"),
        ({"dtype": "bfloat16"}, "model.dtype=float32, not bfloat16"),
        ({"image_size": 56}, "image_size="),
        ({"num_frames": 2}, "frames=4, not 2"),
    ],
)
def test_another_model_config_is_an_error(tmp_path, changes, message):
    one, spec = extracted(tmp_path), dataclasses.replace(SPEC, **changes)
    with pytest.raises(UserError) as caught:
        pending_extractions([one], settings_of(spec))
    assert f"{one.output} has features with {message}" in str(caught.value)
    one.output.unlink()  # a remedy that the message names
    assert pending_extractions([one], settings_of(spec)) == [one]


def test_what_changes_no_feature_is_no_error(tmp_path):
    spec = dataclasses.replace(SPEC, remat="full", drop_path=0.1, layer_scale=1.0, return_layers=(-1,))
    assert pending_extractions([extracted(tmp_path)], settings_of(spec)) == []


def test_other_options_and_weights_are_errors(tmp_path):
    one = extracted(tmp_path)
    for changes, message in (({"weights": "def"}, "weights=abc, not def"), ({"crop": "center"}, "crop=squash")):
        with pytest.raises(UserError, match=message):
            pending_extractions([one], settings_of(**changes))


def test_another_video_of_the_same_name_is_an_error(tmp_path):
    one, other = extracted(tmp_path / "a"), extracted(tmp_path / "b")
    assert pending_extractions([Extraction(other.video, one.output)], settings_of()) == []  # the same content
    other.video.write_bytes(b"b video")
    for changed in (Extraction(other.video, one.output), other):
        with pytest.raises(UserError) as caught:
            pending_extractions([changed], settings_of())
        assert f"{changed.output} has features of another file than {changed.video}" in str(caught.value)
        assert "choose another --out, or remove the file" in str(caught.value)


def test_a_file_that_lacks_a_setting_is_an_error(tmp_path):
    one = extracted(tmp_path, model={})
    with pytest.raises(UserError, match=r"a.npz has features with an unknown model\.\w+, not"):
        pending_extractions([one], settings_of())


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_damaged_file_is_extracted_once_it_is_removed(tmp_path, suffix):
    one = extracted(tmp_path, suffix)
    for content in (b"", b"PK garbage", one.output.read_bytes()[:100]):
        one.output.write_bytes(content)
        with pytest.raises(UserError, match=rf"a\.{suffix} is not a file of features: .*; remove it and extract"):
            pending_extractions([one], settings_of())
    one.output.unlink()
    assert pending_extractions([one], settings_of()) == [one]
