"""`timesuite COMMAND`: help, errors and exit codes of all commands."""

import errno
import importlib
import io
import logging
import subprocess
import sys

import pytest

from timesuite_jax.cli import main as cli
from timesuite_jax.cli.main import COMMANDS, main
from timesuite_jax.errors import UserError

ACTIONS = {"port": "import export inspect verify", "data": "build check inspect synthetic interactions"}


@pytest.mark.parametrize(
    "words", [*COMMANDS, *(f"{name} {each}" for name in ACTIONS for each in ACTIONS[name].split())]
)
def test_help_has_an_example(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*words.split(), "--help"])
    assert caught.value.code == 0
    examples = capsys.readouterr().out.split("examples:\n")[1]
    assert f"  timesuite {words} " in examples


LINEAR = "configs/timesuite/linear_p.py:debug"


@pytest.mark.parametrize(
    "words",
    [
        ["train", LINEAR],
        ["aot", LINEAR],
        ["ask", "--config", LINEAR],
        ["evaluate", f"--config={LINEAR}"],
        ["recommend", "--config", LINEAR],
        ["port", "import", "x.pth", "--config", LINEAR],
    ],
)
def test_help_lists_the_keys_of_a_config(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*words, "--config.training.total_steps", "7", "--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0 and "examples:\n" in out
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    assert ["training.total_steps", "7"] in lines and ["data.buckets", "(256, 384)"] in lines


def test_help_reports_an_invalid_config(capsys):
    assert main(["train", "absent.py", "--help"]) == 2
    assert "timesuite train: config 'absent.py' does not exist" in capsys.readouterr().err


def test_overrides_may_be_two_words():
    words = [
        "--config.a.b",
        "3",
        "CONFIG",
        "--config.c",
        "-1",
        "--config.d=4",
        "--config.e",
        "--json",
        "--config.f",
        "(1,2)",
    ]
    joined = ["--config.a.b=3", "CONFIG", "--config.c=-1", "--config.d=4", "--config.e", "--json", "--config.f=(1,2)"]
    assert cli._join_overrides(words) == joined


@pytest.mark.parametrize("config", ["x.py", "configs/x.py:debug", "runs/a/config.json", "gs://bucket/x.py:a,b"])
def test_a_config_file_is_not_the_value_of_a_flag_before_it(config):
    words = ["--config.data.flag", config, "--workdir", "w"]
    assert cli._join_overrides(words) == words


def test_help_lists_all_commands(capsys):
    for words in ([], ["--help"]):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == 0
        out = capsys.readouterr().out
        assert all(f"  {name}" in out for name in COMMANDS)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trian"], "invalid choice: 'trian'"),
        (["ask"], "the following arguments are required: video, question"),
        (["ask", "a.mp4", "When?", "--workdir", "x", "--tempo", "3"], "unrecognised: --tempo 3; see timesuite ask"),
        (["data", "check", "x", "--config.a=1"], "unrecognised: --config.a=1"),
        (["data", "synthetic", "--out", "x", "--videos", "0"], "'0' is not an int of at least 1"),
        (["data", "interactions", "x.csv", "--out", "x.npz", "--core", "x"], "'x' is not an int of at least 1"),
        (
            ["finetune", "x.csv", "--videos", "x", "--workdir", "x", "--held-out", "1"],
            "'1' is not a share of at least 0",
        ),
        (["finetune", "x.csv", "--videos", "x", "--workdir", "x", "--held-out", "nan"], "'nan' is not a share"),
        (["data", "synthetic", "--out", "x", "--seed", "-1"], "'-1' is not an int of at least 0"),
    ],
)
def test_invalid_arguments_are_rejected(words, expected, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2 and expected in capsys.readouterr().err


@pytest.fixture
def failing(monkeypatch):
    """Makes `timesuite quickstart` raise an error."""

    def install(error):
        def run(args):
            raise error

        monkeypatch.setattr(importlib.import_module("timesuite_jax.cli.quickstart"), "run", run)

    return install


def test_a_user_error_is_one_line_with_exit_code_2(failing, capsys):
    failing(UserError("the video is empty; give another"))
    assert main(["quickstart"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "timesuite quickstart: the video is empty; give another\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ask {} When? --workdir x", "video {} does not exist"),
        ("train {} --workdir x", "cannot use {} (File name too long); correct the name"),
        ("data check {}", "cannot use {}/dataset_info.json (File name too long); correct the name"),
    ],
)
def test_a_file_name_that_is_too_long_is_a_user_error(words, expected, capsys):
    """E.g. if the question is given in place of the video."""
    name = "x" * 300
    assert main(words.format(name).split()) == 2
    err = capsys.readouterr().err
    assert expected.format(name) in err and len(err.splitlines()) == 1


def test_an_unreachable_bucket_is_a_user_error(failing, capsys):
    client = pytest.importorskip("aiohttp", reason="needs the extra gcs")
    failing(client.ClientConnectionError("Cannot connect to host storage.googleapis.com:443"))
    assert main(["quickstart"]) == 2
    expected = "the bucket cannot be used (Cannot connect to host storage.googleapis.com:443); check its name, your "
    err = capsys.readouterr().err
    assert expected in err and len(err.splitlines()) == 1


def test_an_os_error_without_a_file_name_is_not_a_user_error(failing):
    failing(PermissionError(errno.EPERM, "Operation not permitted"))
    with pytest.raises(PermissionError):
        main(["quickstart"])


def test_surrogates_are_printed_escaped(monkeypatch):
    """File names may contain any bytes, keys of a checkpoint any code points."""
    monkeypatch.setattr(
        importlib.import_module("timesuite_jax.cli.quickstart"), "run", lambda args: print("a\udcff.mp4") or 0
    )
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["quickstart"]) == 0
    assert out.buffer.getvalue() == b"a\\udcff.mp4\n"


def test_ctrl_c_is_one_line_with_exit_code_130(failing, capsys):
    failing(KeyboardInterrupt())
    assert main(["quickstart"]) == 130
    assert capsys.readouterr().err == "timesuite quickstart: interrupted\n"


def test_so_is_ctrl_c_while_the_command_is_imported(monkeypatch, capsys):
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", interrupted)
    assert main(["quickstart"]) == 130
    assert capsys.readouterr().err == "timesuite quickstart: interrupted\n"


def test_failed_requests_to_a_bucket_are_logged_on_request_only(failing, monkeypatch):
    """The message of the command says what failed; gcsfs logs a traceback as well."""
    log = logging.getLogger("gcsfs")
    failing(UserError("the bucket cannot be used"))
    for level, shown in (("info", True), (None, False)):
        monkeypatch.setattr(log, "level", logging.NOTSET)
        monkeypatch.setattr(log, "_cache", {})
        monkeypatch.setenv("TIMESUITE_LOG", level) if level else monkeypatch.delenv("TIMESUITE_LOG", raising=False)
        assert main(["quickstart"]) == 2
        assert log.isEnabledFor(logging.ERROR) == shown


def test_other_exceptions_keep_their_traceback(failing):
    failing(ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError):
        main(["quickstart"])


def test_invalid_options_are_reported_without_importing_jax(monkeypatch):
    """Importing it takes seconds."""
    code = (
        "import sys; from timesuite_jax.cli.main import main\n"
        "assert main(['quickstart', '--seed', '-1']) == 2\n"
        "assert main(['ask', 'absent.mp4', 'When?', '--workdir', 'x']) == 2\n"
        "assert main(['evaluate', '--workdir', 'x', '--limit', '0']) == 2\n"
        "assert 'jax' not in sys.modules, 'jax was imported'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_every_command_is_a_module():
    for name in cli.COMMANDS:
        module = importlib.import_module(f"timesuite_jax.cli.{name}")
        assert callable(module.run) and callable(module.add_arguments)


def test_an_error_is_the_last_line_although_writes_were_abandoned():
    """Coroutines that never ran are reported by the interpreter at its exit, after everything else."""
    code = (
        "import sys, types\n"
        "from timesuite_jax.cli.main import main\n"
        "from timesuite_jax.errors import UserError\n"
        "async def write(): pass\n"
        "def run(args):\n"
        "    cycle = [write()]; cycle.append(cycle)\n"
        "    raise UserError('the disk is full')\n"
        "fake = types.ModuleType('fake', 'A command.')\n"
        "fake.run, fake.add_arguments = run, lambda parser: None\n"
        "sys.modules['timesuite_jax.cli.train'] = fake\n"
        "sys.exit(main(['train']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (2, "timesuite train: the disk is full\n")
