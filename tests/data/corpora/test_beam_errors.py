"""Errors of a pipeline that the user can fix are one sentence, as Beam words them with its own text around it."""

import argparse
from types import SimpleNamespace

import pytest

from timesuite_jax.cli.data import build
from timesuite_jax.data.corpora.beam_build import RUNNERS
from timesuite_jax.data.corpora.beam_errors import explain_beam_errors, parse_options
from timesuite_jax.errors import UserError

FULL = "cannot write out/c.tfrecord (No space left on device); free disk space or choose a writable folder"
WORKER = (
    'Error processing instruction 4. Original traceback is\nTraceback (most recent call last):\n  File "x.py", line 1\n'
    f"timesuite_jax.errors.UserError: {FULL} [while running 'Map(<WriteShard>)']\n"
)


@pytest.mark.parametrize("error", [RuntimeError(WORKER), UserError(f"{FULL} [while running 'Map(<WriteShard>)']")])
def test_an_error_of_a_worker_is_its_message(error):
    with pytest.raises(UserError) as raised, explain_beam_errors("DirectRunner"):
        raise error
    assert str(raised.value) == FULL


def test_why_a_pipeline_does_not_start():
    expected = r"--runner DataflowRunner cannot run the pipeline \(Pipeline has validations errors: Missing required "
    expected += r"option: region\.\); correct --pipeline-options, or leave"
    with pytest.raises(UserError, match=expected), explain_beam_errors("DataflowRunner"):
        raise ValueError("Pipeline has validations errors: \nMissing required option: region.")


def test_bugs_keep_their_traceback():
    bug = RuntimeError("Traceback (most recent call last):\nAttributeError: 'NoneType' object has no attribute 'build'")
    with pytest.raises(RuntimeError) as raised, explain_beam_errors("DirectRunner"):
        raise bug
    assert raised.value is bug


class Options(argparse.ArgumentParser):
    """Parses as Beam's class does: it keeps options that it does not know, and exits on wrong values."""

    def __init__(self, words):
        super().__init__()
        self.add_argument("--direct_num_workers", type=int)
        self.words = words
        self.parse_known_args(words)

    def get_all_options(self, retain_unknown_options=False):
        known, unknown = self.parse_known_args(self.words)
        extra = {word.removeprefix("--").partition("=")[0]: "" for word in unknown} if retain_unknown_options else {}
        return {**vars(known), **extra}


def test_options_of_a_pipeline(capsys):
    beam = SimpleNamespace(PipelineOptions=Options)
    assert parse_options(beam, ["--direct_num_workers=2"]).words == ["--direct_num_workers=2"]
    with pytest.raises(UserError, match="Apache Beam has no option --nonsense, --other; correct or remove it"):
        parse_options(beam, ["--other=1", "--nonsense"])
    with pytest.raises(UserError, match="--pipeline-options: argument --direct_num_workers: invalid int value: 'x'; "):
        parse_options(beam, ["--direct_num_workers=x"])
    assert capsys.readouterr().err == ""


def test_the_command_accepts_every_runner():
    parser = argparse.ArgumentParser()
    build.add_arguments(parser)
    words = ["--annotations", "a.json", "--videos", "v", "--out", "o", "--runner"]
    assert [parser.parse_args([*words, name]).runner for name in RUNNERS] == list(RUNNERS)
