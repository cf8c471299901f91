"""The commands of the launch scripts match the published synopses; errors of users are reported."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.support.cli_synopses import command_of, unknown_options
from tests.support.paths import LAUNCH
from timesuite_jax.cli._configs import load_config

CONFIG = "configs/timesuite/linear_p.py"
FILE = f"timesuite_jax/{CONFIG}"  # `configs` is a link
COMMON = [CONFIG, "--run", "stage-a", "--bucket", "gs://my-bucket", "--zone", "us-west4-a", "--dry-run"]


def run(script, *words):
    return subprocess.run([sys.executable, LAUNCH / script, *words], capture_output=True, text=True, timeout=60)


def commands(script, *words):
    """The printed commands, split into words."""
    done = run(script, *words)
    assert done.returncode == 0, done.stderr
    host_file = ("export ", "BUCKET=", "CODE=", "WORKDIR=", "TRAIN=")
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("#", *host_file))]
    return [shlex.split(line) for line in lines]


def option(words, name):
    return [word.partition("=")[2] for word in words if word.startswith(f"{name}=")]


@pytest.mark.parametrize(
    ("script", "words", "expected"),
    [
        ("tpu_vm.py", ["--accelerator", "v5litepod-8"], ["tpu-vm create", "tpu-vm delete"]),
        ("queued.py", ["--accelerator", "v5p-128"], ["queued-resources create", "queued-resources delete"]),
        ("queued.py", ["--accelerator", "v6e-256", "--slices", "2", "--project", "p"], ["queued-resources describe"]),
        (
            "gke.py",
            ["--accelerator", "v5litepod-64", "--cluster", "c", "--first"],
            ["cluster create", "storage attach"],
        ),
    ],
)
def test_dry_runs_print_commands_that_exist(script, words, expected):
    printed = commands(script, *COMMON, *words)
    for line in printed:
        assert not unknown_options(line), line
    names = [" ".join(command_of(line)) for line in printed]
    assert all(any(name.endswith(end) for name in names) for end in expected)


def test_a_request_names_chips_software_and_what_hosts_do():
    (create,) = [line for line in commands("queued.py", *COMMON, "--accelerator", "v5p-128") if "create" in line]
    assert create[5] == "stage-a" and "--spot" in create
    assert option(create, "--node-id") == ["stage-a"] and option(create, "--zone") == ["us-west4-a"]
    assert option(create, "--accelerator-type") == ["v5p-128"]
    assert option(create, "--runtime-version") == ["v2-alpha-tpuv5"]
    (files,) = option(create, "--metadata-from-file")
    assert files.startswith(f"startup-script={LAUNCH}/tpu_host.sh,job=")
    two = ["--accelerator", "v5litepod-64", "--slices", "2", "--on-demand"]
    (create,) = [line for line in commands("queued.py", *COMMON, *two) if "create" in line]
    assert option(create, "--node-count") == ["2"] and option(create, "--node-prefix") == ["stage-a"]
    assert not option(create, "--node-id") and "--spot" not in create


def test_hosts_read_their_job(tmp_path):
    words = ["--accelerator", "v5litepod-64", "--slices", "2", "--config.data.corpora=('a b',)"]
    lines = run("queued.py", *COMMON, *words).stdout.splitlines()
    (tmp_path / "job").write_text("\n".join(lines[1 : lines.index("")]) + "\n")
    shown = 'source job; printf "%s\\n" "${TRAIN[@]}" $BUCKET $CODE "$LIBTPU_INIT_ARGS" $JAX_COMPILATION_CACHE_DIR'
    done = subprocess.run(["bash", "-euc", shown], cwd=tmp_path, capture_output=True, text=True, check=True)
    *train, bucket, code, flags, cache = done.stdout.splitlines()
    assert train == [
        "timesuite", "train", f"/opt/timesuite/code/{FILE}", "--workdir", "gs://my-bucket/runs/stage-a", "--json",
        "--config.training.mesh.replica=2", "--config.data.corpora=('a b',)",
    ]  # fmt: skip
    assert (bucket, code, cache) == ("my-bucket", "gs://my-bucket/code/stage-a.tar.gz", "gs://my-bucket/compiled")
    assert "--xla_tpu_enable_data_parallel_all_reduce_opt=true" in flags.split()  # between slices only


def test_a_workload_trains_in_the_bucket_with_its_environment():
    (*_, clone, line) = commands("gke.py", *COMMON, "--accelerator", "v6e-64", "--cluster", "c")
    (command,) = option(line, "--command")
    assert command == (
        f"exec bash /app/launch/gke_pod.sh /mnt/bucket/runs/stage-a/logs timesuite train /app/{FILE} "
        "--workdir gs://my-bucket/runs/stage-a --json"
    )
    assert clone[:2] == ["git", "clone"] and option(line, "--script-dir") == [clone[-1]], "what is committed"
    environment = dict(word.split("=", 1) for word in option(line, "--env"))
    assert environment["JAX_COMPILATION_CACHE_DIR"] == "gs://my-bucket/compiled"
    assert "--xla_tpu_scoped_vmem_limit_kib=98304" in environment["LIBTPU_INIT_ARGS"]
    assert option(line, "--restart-on-exit-codes") == ["1,2,3"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (["--run", "Stage_A"], "--run 'Stage_A': up to 40 lower-case letters"),
        (["--bucket", "my-bucket/x"], "--bucket 'my-bucket/x' is not a bucket; write gs://NAME"),
        (["--bucket", "gs://my-bucket/x"], "write gs://NAME without a folder"),
        (["--bucket", "gs://MY-BUCKET"], "--bucket 'gs://MY-BUCKET' is not a bucket: a name has 3 to 63 lower-case"),
        (["--bucket", "gs://"], "is not a bucket; write gs://NAME"),
        (["--bucket", "gs://goog-x"], "a name must not start with 'goog'"),
        (["--bucket", "s3://my-bucket"], "is not a bucket; write gs://NAME"),
        (["--accelerator", "v5e-64"], "--accelerator 'v5e-64' is unknown; write e.g. v5litepod-64, v5p-64, v6e-64"),
        (["--slices", "0"], "--slices 0 is less than 1"),
        (["--zone", ""], "--zone is empty"),
        (["--config.training.sed=1"], "did you mean 'seed'?"),
        (["--confg.x=1"], "unrecognised: --confg.x=1; an override is --config.KEY=VALUE"),
    ],
)
def test_invalid_options_are_rejected(change, expected):
    done = run("queued.py", *COMMON, "--accelerator", "v5litepod-8", *change)
    assert done.returncode == 2 and expected in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("configs/none.py", "config 'configs/none.py' is not a file below"),
        (__file__ + "/../../../../elsewhere.py", "is not a file below"),
        (sys.executable, "is not a file below"),  # the hosts would not have it
        (f"{CONFIG}:v5e-46", "variant 'v5e-46' is unknown; did you mean 'v5e-64'?"),
    ],
)
def test_an_invalid_config_is_rejected_before_the_launch(config, expected):
    done = run("tpu_vm.py", config, *COMMON[1:], "--accelerator", "v5litepod-8")
    assert done.returncode == 2 and expected in done.stderr


@pytest.mark.parametrize("name", ["abc", "my-bucket", "0_a.b-9", "a" * 63, "example.com"])
@pytest.mark.parametrize("end", ["", "/"])
def test_names_of_buckets_are_accepted(name, end):
    words = [*COMMON[:4], f"gs://{name}{end}", *COMMON[5:], "--accelerator", "v5litepod-8"]
    done = run("queued.py", *words)
    assert done.returncode == 0 and f"BUCKET={name}\n" in done.stdout, done.stderr
    assert f"WORKDIR=gs://{name}/runs/stage-a\n" in done.stdout


def test_a_whole_path_below_the_project_is_taken_and_one_slice_only():
    words = [f"{LAUNCH.parent}/{CONFIG}:v5e-64", *COMMON[1:], "--accelerator", "v5litepod-64"]
    assert f"train /opt/timesuite/code/{FILE}:v5e-64 --workdir" in run("tpu_vm.py", *words).stdout
    done = run("tpu_vm.py", *words, "--slices", "2")
    assert done.returncode == 2 and "--slices 2: one slice only" in done.stderr


def test_a_config_that_hosts_would_have_otherwise_ends_the_launch(tmp_path):
    shutil.copytree(LAUNCH, tmp_path / "launch")
    config = tmp_path / "config.py"
    config.write_text("from ml_collections import ConfigDict\n\ndef get_config(arg=None):\n    return ConfigDict()\n")
    git = ["git", "-C", tmp_path, "-c", "user.name=n", "-c", "user.email=e"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    words = ["config.py", *COMMON[1:-1], "--accelerator", "v5litepod-8"]
    for name in ("launch", "config.py"):
        subprocess.run([*git, "add", name], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message=m"], check=True)
        config.write_text(f"{config.read_text()}\n")
        command = [sys.executable, tmp_path / "launch/tpu_vm.py", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode and done.stderr.count("failed with exit code") == 1
    assert " M config.py\n" in done.stdout and "diff --quiet HEAD -- config.py" in done.stderr


@pytest.mark.parametrize("script", ["tpu_vm.py", "queued.py", "gke.py", "gpu_host.py", "performance_flags.py"])
def test_help_has_an_example(script):
    done = run(script, "--help")
    assert done.returncode == 0 and f"python launch/{script} " in done.stdout


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("xpk", ["gke.py", *COMMON[:-1], "--accelerator", "v5litepod-8", "--cluster", "c"]),
        ("gcloud", ["queued.py", *COMMON[:-1], "--accelerator", "v5litepod-8"]),
        ("timesuite", ["gpu_host.py", CONFIG, "--workdir", "w"]),
    ],
)
def test_a_missing_program_is_told(tmp_path, program, words):
    (tmp_path / "git").write_text("#!/bin/sh\n")
    (tmp_path / "git").chmod(0o755)
    command = [sys.executable, LAUNCH / words[0], *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": str(tmp_path)}, timeout=60)
    assert done.returncode == 2
    assert done.stderr == f"{program} is not installed; see docs/pods.md, or add --dry-run to print the commands only\n"


def test_gpu_host_tries_again_after_a_crash(tmp_path):
    fake = tmp_path / "timesuite"
    note = 'echo "$XLA_FLAGS|$*" >>"$0.log"'
    ways = 'case $(wc -l <"$0.log") in\n1) exit 1 ;;\n2) kill -SEGV $$ ;;\nesac\nexit 2'
    fake.write_text(f"#!/bin/bash\n{note}\n{ways}\n")
    fake.chmod(0o755)
    command = [sys.executable, LAUNCH / "gpu_host.py", CONFIG, "--workdir", "w", "--config.a=1", "--pause", "0"]
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin", "XLA_FLAGS": "--mine"}
    done = subprocess.run(command, capture_output=True, text=True, env=path, timeout=60)
    assert done.returncode == 2, "a user's mistake is not tried again"
    line = f"--xla_gpu_enable_latency_hiding_scheduler=true --mine|train {CONFIG} --workdir w --config.a=1"
    assert (tmp_path / "timesuite.log").read_text().splitlines() == [line, line, line]


# Begins a run, saves for half a second when it receives a signal, and prints it.
SAVES = """#!/bin/bash
trap 'sleep 0.5; echo "{\\"interrupted\\": true}"; exit CODE' TERM INT
echo begun >>"$(dirname "$0")/begun"
while true; do sleep 0.05; done
"""


def end_by(number, command, folder, code, **variables):
    """Starts a command that runs `SAVES`, sends it a signal when the run has begun; its exit code and output."""
    fake = folder / "timesuite"
    fake.write_text(SAVES.replace("CODE", str(code)))
    fake.chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", **variables}
    # As in a terminal, whose Ctrl-C goes to all of a group.
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, process_group=0)
    deadline = time.monotonic() + 60
    while not (folder / "begun").exists() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if number == signal.SIGINT:
        os.killpg(run.pid, number)
    else:
        run.send_signal(number)
    output = run.communicate(timeout=60)[0]
    assert (folder / "begun").read_text() == "begun\n", "not tried again"
    return run.returncode, output.splitlines()[-1]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGTERM, 1)])
def test_gpu_host_lets_the_run_save(tmp_path, number, code):
    command = [sys.executable, LAUNCH / "gpu_host.py", CONFIG, "--workdir", "w", "--pause", "0"]
    assert end_by(number, command, tmp_path, code) == (code, '{"interrupted": true}')


def test_gpu_host_stops_a_run_that_is_being_started():
    script = """
import os, signal, subprocess, gpu_host
class Popen(subprocess.Popen):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        signal.raise_signal(signal.SIGTERM)
subprocess.Popen = Popen
raise SystemExit(gpu_host.try_often(("sleep", "60"), os.environ, tries=1, pause=0))
"""
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(LAUNCH)}, timeout=30)
    assert done.returncode == 128 + signal.SIGTERM


def test_gpu_host_refuses_no_tries():
    done = run("gpu_host.py", CONFIG, "--workdir", "w", "--tries", "0")
    assert done.returncode == 2 and "--tries 0 is less than 1" in done.stderr


@pytest.fixture
def pod(tmp_path):
    """A container that xpk has made, with a bucket; the command of its pod up to what trains."""
    (tmp_path / "bucket").mkdir()
    (tmp_path / "app/launch").mkdir(parents=True)
    (tmp_path / "app/launch/gke_pod.sh").write_text((LAUNCH / "gke_pod.sh").read_text())
    (tmp_path / "pip").write_text('#!/bin/bash\necho "$* in $PWD" >>"$(dirname "$0")/installed"\n')
    (tmp_path / "pip").chmod(0o755)
    return ["bash", tmp_path / "app/launch/gke_pod.sh", tmp_path / "bucket/runs/r/logs"]


@pytest.mark.parametrize(
    ("code", "printed", "expected"),
    [
        (0, '{"interrupted": false}', 0),
        (0, '{"interrupted": true}', 1),
        (0, "", 1),  # asked to stop before it had found its data
        (3, '{"interrupted": true}', 3),
        (2, "", 2),
    ],
)
def test_the_exit_code_of_a_pod_is_that_of_its_run(tmp_path, pod, code, printed, expected):
    train = f"echo '{printed}'; echo step 1 in $PWD >&2; exit {code}"
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TIMESUITE_MOUNT": str(tmp_path / "bucket")}
    done = subprocess.run([*pod, "bash", "-c", train], capture_output=True, text=True, env=environment, timeout=60)
    assert (done.returncode, done.stdout) == (expected, f"{printed}\n")
    (log,) = (tmp_path / "bucket/runs/r/logs").glob("*.log")
    assert log.read_text() == done.stderr == f"step 1 in {tmp_path}/bucket\n"
    assert (tmp_path / "installed").read_text() == f"install .[tpu] in {tmp_path}/app\n"


def test_a_pod_that_must_go_lets_the_run_save_and_is_no_finished_job(tmp_path, pod):
    ended = end_by(signal.SIGTERM, [*pod, "timesuite"], tmp_path, 0, TIMESUITE_MOUNT=str(tmp_path / "bucket"))
    assert ended == (1, json.dumps({"interrupted": True}))


def test_a_pod_that_must_go_when_its_run_is_done_is_a_finished_job(tmp_path, pod):
    # What it leaves behind holds the log.
    train = """(trap '' TERM; sleep 1) & echo '{"interrupted": false}'; echo $PPID >&2"""
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TIMESUITE_MOUNT": str(tmp_path / "bucket")}
    run = subprocess.Popen([*pod, "bash", "-c", train], stdout=-1, stderr=-1, text=True, env=environment)
    assert run.stderr and int(run.stderr.readline()) == run.pid
    time.sleep(0.2)
    run.send_signal(signal.SIGTERM)
    assert run.communicate(timeout=60)[0] == '{"interrupted": false}\n' and run.returncode == 0


@pytest.mark.parametrize("name", ["linear_p", "linear_pro_ada", "finetune"])
def test_configs_name_what_launches_override(name):
    config = load_config(f"{LAUNCH.parent}/configs/timesuite/{name}.py", ["--config.training.mesh.replica=2"])
    assert config.training.mesh.replica == 2
    assert config.training.profile_at == 5


def pasted(start: str) -> list[str]:
    """The commands of docs/pods.md that begin with `start`, after the variables that the page sets."""
    text = (LAUNCH.parent / "docs/pods.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"^```\n(.*?)^```", text, flags=re.M | re.S)
             for line in block.replace("\\\n", " ").splitlines()]  # fmt: skip
    (exports,) = [line for line in lines if line.startswith("export PROJECT=")]
    return [f"{exports}\n{line}" for line in lines if line.startswith(start)]


def test_the_launches_of_the_page_work_as_pasted():
    found = [line for script in ("tpu_vm", "queued") for line in pasted(f"python launch/{script}.py")]
    assert len(found) >= 2
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"  # noqa: PTH120
    for line in found:
        line = line if line.endswith("--dry-run") else f"{line} --dry-run"
        command = ["bash", "-euc", line]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd=LAUNCH.parent, env={**os.environ, "PATH": path}
        )
        assert done.returncode == 0 and "BUCKET=my-timesuite\n" in done.stdout, done.stderr
