"""VideoChat-T as a task: what is trained, invalid configs, unsuitable tokenizers."""

import json

import numpy as np
import pytest

from tests.support import tiny_config
from timesuite_jax import param_tree
from timesuite_jax.data.corpora.corpus import open_corpus
from timesuite_jax.errors import UserError
from timesuite_jax.registry import Evaluates, build, load
from timesuite_jax.training import TrainingSpec


@pytest.fixture
def config(tiny_corpus):
    return tiny_config.get_config(str(tiny_corpus))


def change(config, where, value):
    """Also to another type, as a hand-written file may."""
    *parents, last = where.split(".")
    fields = config.to_dict()
    inner = fields
    for name in parents:
        inner = inner[name]
    inner[last] = value
    return fields


WRONG = [
    # sizes that do not go together
    ("model.num_frames", 6, "makes 3 clips, but tape=True needs an even number; choose a multiple of 4"),
    ("model.num_frames", 5, "num_frames=5 is not a multiple of vision.num_frames=2"),
    ("model.qformer.queries", 15, "= 31 is not divisible by merge_len=4"),
    ("model.merge_len", 0, "merge_len=0"),
    ("model.vision.heads", 3, "vision.heads=3 does not divide vision.width=16; choose a divisor"),
    ("model.qformer.heads", 3, "qformer.heads=3 does not divide qformer.width=16; choose a divisor"),
    ("model.mistral.kv_heads", 3, "mistral.kv_heads=3 does not divide mistral.heads=2; choose a divisor"),
    ("model.mistral.head_width", 7, "mistral.head_width=7 is odd"),
    ("model.vision.patch_size", 0, "vision.patch_size=0 must be at least 1"),
    ("model.qformer.heads", 0, "qformer.heads=0 must be at least 1"),
    ("model.mistral.layers", 0, "mistral.layers=0 must be at least 1"),
    ("model.mistral.lora", {"rank": 0, "alpha": 1}, "lora.rank=0 must be at least 1"),
    ("model.mistral.dtype", "bflot16", "mistral.dtype='bflot16' is unknown; choose one of 'float32', 'bfloat16'"),
    ("model.vision.position_table", "learned", "position_table='learned' is unknown; choose one of 'auto', 'native'"),
    ("model.vision.remat", "al", "vision.remat='al' is unknown; choose one of 'none', 'full'"),
    ("model.vision.attention", "flsh", "vision.attention='flsh' is unknown; choose one of 'auto', 'xla'"),
    ("data.buckets", (16,), r"data.buckets=\(16,\) .* 16 visual tokens"),
    ("data.clip_text_length", 33, "data.clip_text_length=33 is more than model.qformer.positions=32; lower it"),
    # numbers, names and types
    ("data.batch_size", 0, "data.batch_size=0 must be at least 1"),
    ("data.clip_text_length", 0, "data.clip_text_length=0 must be at least 3"),
    ("data.sampling", "midle", "midle"),
    ("data.transform", "hole", "hole"),
    ("data.layout", "x", "unknown conversation layout 'x'; known: training"),
    ("data.corpora", ("/nowhere",), "/nowhere holds no corpus"),
    ("data.corpora", (), "no corpus to train on"),
    ("evaluation.corpora", ("/nowhere",), "/nowhere holds no corpus"),
    ("evaluation.corpora", ("a/videos", "b/videos/"), "evaluation.corpora=.* has two folders of one name"),
    ("evaluation.limit", 0, "evaluation.limit=0 must be at least 1"),
    ("evaluation.batch_size", 0, "evaluation.batch_size=0 must be at least 1"),
    ("loss_chunk", 0, "config.loss_chunk=0 must be at least 1"),
    ("loss_chunk", "all", "config.loss_chunk='all' is not of type int"),
    ("trained", (3,), r"config.trained\[0\]=3 is not of type str"),
    ("weights.files", (3,), r"weights.files\[0\]=3 is not of type str"),
    ("trained", "qformer/*", r"config.trained='qformer/\*' is one word; write a tuple of patterns"),
    ("trained", ("qfomer/*",), r"config.trained has 'qfomer/\*', which names no parameter"),
    ("model.variant", "debgu", "variant 'debgu' is unknown; choose one of"),
    ("model", "debug", "config.model is missing or no mapping"),
    ("model.widht", 3, "model.widht is unknown"),
    ("model.qformer.lyers", 3, "model.qformer.lyers is unknown; did you mean 'layers'"),
    ("data.batchsize", 3, "data.batchsize is unknown; did you mean 'batch_size'"),
    ("modle", {}, "config.modle is unknown; did you mean 'model'"),
    # tokenizers
    ("text.tokenizer", "/nowhere", "no tokenizer at /nowhere; give a file, or a folder with tokenizer.json"),
    ("text.tokenizer", None, "text.tokenizer=None is not of type str"),
    ("model.mistral.vocab", 100, r"the tokenizer has \d+ tokens but model.mistral.vocab=100; give the model's own"),
    ("model.qformer.vocab", 100, r"the tokenizer has \d+ tokens but model.qformer.vocab=100; give the model's own"),
]


@pytest.mark.parametrize(("where", "value", "error"), WRONG, ids=[f"{where}={value}" for where, value, _ in WRONG])
def test_wrong_configs_are_one_sentence(config, where, value, error):
    with pytest.raises(UserError, match=error) as caught:
        task = build(change(config, where, value))
        task.processor()
        task.abstract_params()
        task.evaluations()
        task.train_data(seed=0, process_index=0, process_count=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("batch", "repeat", "steps"), [(2, 1, 6), (5, 1, 2), (5, 3, 7), (64, 1, 1)])
def test_steps_per_epoch_follow_from_the_records(config, batch, repeat, steps):
    (corpus,) = config.data.corpora
    assert len(open_corpus(corpus)[1]) == 12
    config.data.corpora, config.data.batch_size = (f"{corpus}*{repeat}",), batch
    spec = TrainingSpec(epochs=3).in_steps(build(config).steps_per_epoch)
    assert spec.total_steps == 3 * steps


def test_a_batch_that_devices_do_not_divide_is_rejected_before_it_is_read(config):
    size = config["data"]["batch_size"]
    with pytest.raises(UserError, match=rf"data.batch_size={size} is not a multiple of {size + 1}, the devices"):
        build(config).train_data(seed=0, process_index=0, process_count=1, row_multiple=size + 1)


@pytest.mark.parametrize(
    ("where", "value", "error"),
    [
        ("total_steps", 0, "training.total_steps=0 must be at least 1"),
        ("eval_every", -1, "training.eval_every=-1 must be at least 0"),
        ("optimizer.learning_rate", -1.0, "training.optimizer.learning_rate=-1.0 must be at least 0"),
        ("optimizer.b2", 1.0, "training.optimizer.b2=1.0 must be below 1"),
        ("optimizer.clip_norm", 0, "training.optimizer.clip_norm=0.0 must be above 0; set it to None"),
        ("optimzer", {}, "training.optimzer is unknown; did you mean 'optimizer'"),
    ],
)
def test_wrong_training_is_one_sentence(config, where, value, error):
    with pytest.raises(UserError, match=error):
        TrainingSpec.from_config(change(config, f"training.{where}", value)["training"])


@pytest.mark.parametrize(
    ("lost", "error"),
    [
        (["</s>"], "has no token </s>; give the tokenizer"),
        (["7"], "digit as one token"),
        (["[/INST]"], "loses text"),
    ],
)
def test_tokenizers_that_lack_what_is_needed(config, tiny_corpus, tmp_path, lost, error):
    description = json.loads((tiny_corpus / "tokenizer.json").read_text())
    kept = [piece for piece in description["model"]["vocab"] if piece.removeprefix("▁") not in lost]
    description["model"]["vocab"] = {piece: number for number, piece in enumerate(kept)}
    description["added_tokens"] = [
        {**token, "id": kept.index(token["content"])}
        for token in description["added_tokens"]
        if token["content"] not in lost
    ]
    (tmp_path / "tokenizer.json").write_text(json.dumps(description))
    with pytest.raises(UserError, match=error):
        build(change(config, "text.tokenizer", str(tmp_path))).processor()


def test_what_is_trained_by_default(config):
    task = build(config)
    paths = ["/".join(path) for path, _ in param_tree.leaves_with_paths(task.abstract_params())]
    trained = {path.split("/")[0] for path in paths if task.trainable(tuple(path.split("/")))}
    assert trained == {
        "qformer",
        "query_tokens",
        "extra_query_tokens",
        "clip_proj",
        "merge_proj",
        "temp_adap",
        "mistral",
    }
    for path in paths:
        if path.startswith(("mistral", "vision")):
            assert task.trainable(tuple(path.split("/"))) == path.endswith(("lora_a", "lora_b"))


def test_training_changes_what_is_trained_and_nothing_else(config, tiny_run):
    import jax

    loaded = load(tiny_run, Evaluates)
    task, params = loaded.task, loaded.params
    from timesuite_jax.training import randomness

    # Initialised by another program, which may round differently; a step of training moves a parameter by far more.
    rounding = {"rtol": 1e-5, "atol": 1e-7}
    before = dict(param_tree.leaves_with_paths(jax.jit(task.init)(randomness.root(0, "init"))))
    for path, leaf in param_tree.leaves_with_paths(params):
        same = np.allclose(leaf, before[path], **rounding)
        if not task.trainable(path):
            assert same, path
    leaves = param_tree.leaves_with_paths(params)
    moved = [path for path, leaf in leaves if not np.allclose(leaf, before[path], **rounding)]
    assert ("clip_proj", "kernel") in moved and ("mistral", "lm_head", "lora_b") in moved


def test_throughput_counts_sample_names_and_the_data_report(config):
    task = build(config)
    stream = task.train_data(seed=0, process_index=0, process_count=1)
    batch = next(stream)
    counts = task.throughput_counts(batch)
    assert counts["tokens"] == 8 * 96 and counts["frames"] == 8 * 4 and counts["model_flops"] > 0
    assert all(name.startswith("videos/") for name in stream.sample_names(batch))
    assert stream.report()["videos"]["used"] == 8
    stream.close()


def test_the_abstract_batch_has_the_shapes_of_the_stream_and_needs_no_files(config):
    stream = build(config).train_data(seed=0, process_index=0, process_count=1)
    real = next(stream)
    stream.close()
    config.text.tokenizer = config.text.clip_tokenizer = "/nowhere"
    config.data.corpora = ("/nowhere",)
    task = build(config)
    blank = task.abstract_batch()
    assert {name: (array.shape, array.dtype) for name, array in blank.items()} == {
        name: (array.shape, array.dtype) for name, array in real.items()
    }
    assert sum(array.base.nbytes for array in blank.values()) < 1000
    assert task.throughput_counts(blank)["frames"] == 8 * 4 and task.throughput_counts(blank)["model_flops"] > 0


def test_evaluations_are_named_by_folder(config, tiny_corpus):
    task = build(change(config, "evaluation.corpora", (f"{tiny_corpus}/",)))
    ((name, evaluation),) = task.evaluations().items()
    assert name == "videos" and {"r1_iou_0.5", "miou", "n"} < set(evaluation.metric_names)
