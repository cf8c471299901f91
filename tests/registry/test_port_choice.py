"""The family of a checkpoint is recognized by its tensors, a file or a folder."""

import numpy as np
import pytest

from tests.support import tiny_checkpoint as tiny
from timesuite_jax import param_tree as trees
from timesuite_jax import port
from timesuite_jax.cli.main import main
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted import port_table as mqsa
from timesuite_jax.registry.port_choice import choose_port, family_of
from timesuite_jax.registry.ports import PORTS


@pytest.fixture
def recommender(tmp_path):
    sizes = {"items": 5, "slots": 4, "width": 2}
    entries = mqsa.build(mqsa.MqsaSizes(1)).entries.values()
    arrays = {entry.torch: np.ones([sizes[axis] for axis in entry.sizes], np.float32) for entry in entries}
    return tiny.save(tmp_path / "recommender.safetensors", arrays)


@pytest.fixture
def chat(tmp_path):
    return tiny.save(tmp_path / "chat.safetensors", {f"module.{key}": value for key, value in tiny.tensors().items()})


def test_the_roots_of_a_table_are_recognized():
    names = {"videochat_t": list(tiny.tensors()), "mqsa_ted": list(mqsa.build(mqsa.MqsaSizes(2, True)).entries)}
    for family, keys in names.items():
        complete = next(role for role in PORTS[family].roles if role.complete)
        for key in keys:
            assert complete.recognizes([key]), key
            # The stages of InternVideo2 share names with each other and with UMT: they are tried later.
            others = (PORTS[other].roles for other in names if other != family)
            assert not any(role.recognizes([key]) for roles in others for role in roles)
    tree = PORTS["videochat_t"].table_for_torch({key: value.shape for key, value in tiny.tensors().items()})
    assert {path[0] for path in tree.by_path} <= set(PORTS["videochat_t"].tree_roots)
    assert {path[0] for path in mqsa.build(mqsa.MqsaSizes(2, True)).by_path} == set(PORTS["mqsa_ted"].tree_roots)


def test_files_and_folders_are_recognized(chat, recommender, tmp_path):
    for family, path in (("videochat_t", chat), ("mqsa_ted", recommender)):
        assert family_of(path) == family and choose_port([path], None).name == family
        assert main(["port", "import", str(path), "--out", str(tmp_path / family)]) == 0
        assert family_of(tmp_path / family) == family
        assert main(["port", "export", str(tmp_path / family), "--out", str(tmp_path / f"{family}.safetensors")]) == 0
        assert main(["port", "verify", str(tmp_path / f"{family}.safetensors"), str(tmp_path / family)]) == 0
    for role, path in tiny.chain(tmp_path).items():
        assert family_of(path) == "videochat_t", role


def test_another_family_than_the_named_one_is_refused(chat, recommender):
    with pytest.raises(UserError, match=r"looks like a VideoChat-T, not a MQSA-TED; give --model video"):
        choose_port([chat], "mqsa_ted")
    with pytest.raises(UserError, match=r"of different models .*chat\.safetensors of videochat_t"):
        choose_port([chat, recommender], None)


def test_an_unknown_model_lists_the_families(tmp_path, capsys):
    key = "transformer.h.0.attn.c_attn.weight"
    path = tiny.save(tmp_path / "x.safetensors", {key: np.ones((2, 2), np.float32)})
    with pytest.raises(UserError, match=r"looks like GPT-2; the families are videochat_t \(VideoChat-T\), .*mqsa_ted"):
        choose_port([path], None)
    assert choose_port([path], "mqsa_ted").name == "mqsa_ted"  # the user may know better
    assert main(["port", "import", str(path), "--out", str(tmp_path / "out")]) == 2
    assert main(["port", "import", f"mistrall={path}", "--out", str(tmp_path / "out")]) == 2
    assert "no model has the roles mistrall; known are videochat_t: umt, mistral" in capsys.readouterr().err
    assert main(["port", "inspect", str(path)]) == 0
    assert "looks like GPT-2" in capsys.readouterr().out


def test_a_folder_of_another_program_is_refused(tmp_path):
    leaves = {("params", "dense"): np.ones((2, 2), np.float32)}
    lazy = {path: port.LazyArray(a.shape, a.dtype, False, a.__getitem__) for path, a in leaves.items()}
    from timesuite_jax.port.files.orbax_writer import write_params

    write_params(tmp_path / "params", lazy)
    with pytest.raises(UserError, match="is of no known model family"):
        choose_port([tmp_path / "params"], None)
    assert trees.from_paths(leaves)
