"""What the launch scripts would do, held against the synopses of the commands they call; mistakes that are told."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from synopsis import command_of, unknown_options

from timesuite_jax.cli.configs import load_config

LAUNCH = Path(__file__).parents[2] / "launch"
CONFIG = "configs/timesuite/linear_p.py"
COMMON = [CONFIG, "--run", "stage-a", "--bucket", "gs://my-bucket", "--zone", "us-west4-a", "--dry-run"]


def run(script, *words):
    return subprocess.run([sys.executable, LAUNCH / script, *words], capture_output=True, text=True, timeout=60)


def commands(script, *words):
    """Lines that could be run, in words."""
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
    told = subprocess.run(["bash", "-euc", shown], cwd=tmp_path, capture_output=True, text=True, check=True)
    *train, bucket, code, flags, cache = told.stdout.splitlines()
    assert train == [
        "timesuite", "train", f"/opt/timesuite/code/{CONFIG}", "--workdir", "gs://my-bucket/runs/stage-a", "--json",
        "--config.training.mesh.replica=2", "--config.data.corpora=('a b',)",
    ]  # fmt: skip
    assert (bucket, code, cache) == ("my-bucket", "gs://my-bucket/code/stage-a.tar.gz", "gs://my-bucket/compiled")
    assert "--xla_tpu_enable_data_parallel_all_reduce_opt=true" in flags.split()  # between slices only


def test_a_workload_trains_in_the_bucket_with_its_environment():
    (line,) = commands("gke.py", *COMMON, "--accelerator", "v6e-64", "--cluster", "c")
    (command,) = option(line, "--command")
    assert command == (
        f"pip install '/app[tpu]' && cd /mnt/bucket && exec timesuite train /app/{CONFIG} "
        "--workdir gs://my-bucket/runs/stage-a --json"
    )
    environment = dict(word.split("=", 1) for word in option(line, "--env"))
    assert environment["JAX_COMPILATION_CACHE_DIR"] == "gs://my-bucket/compiled"
    assert "--xla_tpu_scoped_vmem_limit_kib=98304" in environment["LIBTPU_INIT_ARGS"]
    assert option(line, "--restart-on-exit-codes") == ["1,2,3"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (["--run", "Stage_A"], "--run 'Stage_A': up to 40 lower-case letters"),
        (["--bucket", "my-bucket/x"], "--bucket 'my-bucket/x' is no bucket; write gs://NAME"),
        (["--accelerator", "v5e-64"], "--accelerator 'v5e-64' is unknown; write e.g. v5litepod-64, v5p-64, v6e-64"),
        (["--slices", "0"], "--slices 0 is less than 1"),
        (["--confg.x=1"], "unrecognised: --confg.x=1; an override is --config.KEY=VALUE"),
    ],
)
def test_mistakes_are_told(change, told):
    done = run("queued.py", *COMMON, "--accelerator", "v5litepod-8", *change)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


def test_a_config_that_is_not_there_is_told():
    done = run("tpu_vm.py", "configs/none.py", *COMMON[1:], "--accelerator", "v5litepod-8")
    assert done.returncode == 2 and "config 'configs/none.py' is no file below" in done.stderr


@pytest.mark.parametrize("script", ["tpu_vm.py", "queued.py", "gke.py", "gpu_host.py", "performance_flags.py"])
def test_help_has_an_example(script):
    done = run(script, "--help")
    assert done.returncode == 0 and f"python launch/{script} " in done.stdout


def test_a_missing_program_is_told(tmp_path):
    words = [word for word in COMMON if word != "--dry-run"]
    command = [sys.executable, LAUNCH / "gke.py", *words, "--accelerator", "v5litepod-8", "--cluster", "c"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": str(tmp_path)}, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "xpk is not installed; see docs/pods.md, or add --dry-run to look only\n"


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
    line = f"--mine --xla_gpu_enable_latency_hiding_scheduler=true|train {CONFIG} --workdir w --config.a=1"
    assert (tmp_path / "timesuite.log").read_text().splitlines() == [line, line, line]


@pytest.mark.parametrize("name", ["linear_p", "linear_pro_ada", "finetune"])
def test_configs_name_what_launches_override(name):
    config = load_config(f"{LAUNCH.parent}/configs/timesuite/{name}.py", ["--config.training.mesh.replica=2"])
    assert config.training.mesh.replica == 2
    assert config.training.profile_at == 5
