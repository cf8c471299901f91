"""Every released form of a file with the encoder is imported and exported with the same bytes, by the command."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.support.encoder_files import encoder_options
from timesuite_jax.cli.main import main


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    encoder_options(folder)
    return load_file(folder / "encoder.safetensors")


def stage_3(name: str) -> str:
    return f"vision_encoder.{name.replace('ls1.gamma', 'ls1').replace('ls2.gamma', 'ls2')}"


NAMES = {
    "bare": str,
    "module": "module.{}".format,
    "backbone": "backbone.{}".format,
    "encoder": "encoder.{}".format,
    "vision_encoder": "vision_encoder.{}".format,
    "model.vision_encoder": "model.vision_encoder.{}".format,
    "stage 3": stage_3,
}


def round_trip(path, capsys) -> str:
    """What `verify` prints of a file and its export."""
    folder = path.parent
    command = ["port", "import", str(path), "--out", str(folder / "model"), "--model", "internvideo2_encoder"]
    assert main(command) == 0, capsys.readouterr().err
    assert main(["port", "export", str(folder / "model"), "--out", str(folder / "back.safetensors")]) == 0
    capsys.readouterr()
    main(["port", "verify", str(folder / "back.safetensors"), str(path)])
    return capsys.readouterr().out


@pytest.mark.parametrize("container", NAMES)
def test_prefixes(state, tmp_path, capsys, container):
    save_file({NAMES[container](name): tensor for name, tensor in state.items()}, tmp_path / "x.safetensors")
    assert round_trip(tmp_path / "x.safetensors", capsys) == f"identical: {len(state)} tensors\n"
    back = load_file(tmp_path / "back.safetensors")
    assert all(back[name].tobytes() == tensor.tobytes() for name, tensor in state.items())


@pytest.mark.parametrize("key", ["module", "model"])
def test_keys_of_pytorch_files(state, tmp_path, capsys, key):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.from_numpy(np.ascontiguousarray(tensor)) for name, tensor in state.items()}
    torch.save({key: tensors, "epoch": 3}, tmp_path / "x.pth")
    assert round_trip(tmp_path / "x.pth", capsys) == f"identical: {len(state)} tensors\n"
