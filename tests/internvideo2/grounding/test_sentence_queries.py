"""Queries as vectors of a sentence encoder: `data.queries="minilm"`."""

import numpy as np
import pytest

from tests.support.grounding_set import make_set
from tests.support.paths import CONFIGS
from tests.support.tiny_sentence_encoder import write_sentence_encoder
from timesuite_jax import embeddings, registry
from timesuite_jax.cli._configs import load_config
from timesuite_jax.embeddings import SentenceEncoder
from timesuite_jax.errors import UserError


@pytest.fixture
def encoder(tmp_path, monkeypatch):
    """A tiny encoder, with vectors of width 24, in place of the packaged one."""
    write_sentence_encoder(tmp_path)
    found = SentenceEncoder.from_folder(tmp_path)
    monkeypatch.setattr(embeddings, "packaged_encoder", lambda: found)
    return found


def stream(folder, width):
    words = ["queries=minilm", f"train={folder}/train.jsonl", f"features={folder}/features", "max_rows=16"]
    options = [*(f"--config.data.{word}" for word in words), "--config.data.evaluation=None"]
    task = registry.build(
        load_config(f"{CONFIGS}/internvideo2/grounding.py:debug", [*options, f"--config.model.query_width={width}"])
    )
    task.check_inputs(new=True)
    return task.train_data(seed=0, process_index=0, process_count=1)


def test_each_query_has_the_vector_of_its_sentence(encoder, tmp_path):
    rows = {f"query {row['qid']}": row["query"] for row in make_set(tmp_path, "train", 8, seed=0)}
    batches = stream(tmp_path, 24)
    batch = next(batches)
    names = batches.sample_names(batch)
    batches.close()
    np.testing.assert_array_equal(batch["query_mask"].sum(1), 1)
    wanted = encoder([rows[name] for name in names])
    assert len(np.unique(wanted, axis=0)) > 1
    np.testing.assert_allclose(batch["query"][:, 0], wanted, atol=1e-6)


def test_another_width_is_an_error(encoder, tmp_path):
    make_set(tmp_path, "train", 1, seed=0)
    with pytest.raises(UserError, match=r"vectors of width 24, the config has model.query_width=25; change it"):
        stream(tmp_path, 25)
