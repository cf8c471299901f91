"""A queue that gives chips, takes them away and gives them again, played by a program called gcloud."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.paths import LAUNCH

# Each look at the state takes the next one; what is in the bucket is what the test put there.
GCLOUD = """#!/usr/bin/env python3
import json, pathlib, sys
here = pathlib.Path(sys.argv[0]).parent
words = sys.argv[1:]
with (here / "calls").open("a") as calls:
    calls.write(json.dumps(words) + "\\n")
plan = json.loads((here / "plan").read_text())
if words[2:4] == ["queued-resources", "describe"] or words[3:4] == ["describe"]:
    state = plan["states"].pop(0)
    if not plan["states"]:
        plan["bucket"].append(plan["end"])
    (here / "plan").write_text(json.dumps(plan))
    if state is None:
        sys.exit(1)
    print(state)
elif words[2:3] == ["queued-resources"]:
    failed = plan["refused"].pop(0) if plan["refused"] else False
    (here / "plan").write_text(json.dumps(plan))
    sys.exit(failed)
elif words[:2] == ["storage", "ls"]:
    sys.exit(0 if words[2].rpartition("/")[2] in plan["bucket"] else 1)
elif words[:2] == ["storage", "rm"]:
    plan["bucket"].remove(words[2].rpartition("/")[2])
    (here / "plan").write_text(json.dumps(plan))
"""


def watch(folder, states, end, bucket=(), refused=()):
    """Runs launch/queued.py against the plan; its exit code and what it did beside looking.

    `refused` lists for each request and each return of chips, in turn, whether it fails.
    """
    for name, text in {"gcloud": GCLOUD, "git": "#!/bin/sh\n"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    plan = {"states": states, "bucket": list(bucket), "end": end, "refused": list(refused)}
    (folder / "plan").write_text(json.dumps(plan))
    words = ["configs/timesuite/linear_p.py", "--run", "r", "--bucket", "gs://bucket-1", "--accelerator", "v5litepod-8"]
    command = [sys.executable, LAUNCH / "queued.py", *words, "--zone", "z", "--every", "0"]
    path = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(command, capture_output=True, text=True, env=path, timeout=120)
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    return done, [
        call[3] if call[0] == "compute" else call[1] for call in calls if call[3:4] != ["describe"] and call[1] != "ls"
    ]


def test_preempted_chips_are_asked_for_again_and_given_back_at_the_end(tmp_path):
    states = [None, "WAITING_FOR_RESOURCES", "ACTIVE", "SUSPENDING", "SUSPENDED", "PROVISIONING", "ACTIVE"]
    done, did = watch(tmp_path, states, "result.json")
    assert done.returncode == 0, done.stderr
    assert did == ["cp", "create", "delete", "create", "delete"]
    printed = [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("# 2")]
    assert printed == states[1:]


def test_a_cloud_that_does_not_answer_for_a_while_ends_no_watch(tmp_path):
    states = ["ACTIVE", None, "ACTIVE", "SUSPENDED", "SUSPENDED", "ACTIVE"]
    done, did = watch(tmp_path, states, "result.json", refused=[True, True, False, False, True])
    assert done.returncode == 0, done.stderr
    assert did == ["create", "delete", "delete", "create", "delete", "delete"]
    assert done.stderr.count("failed with exit code 1") == 3


def test_a_run_that_is_there_is_watched_and_one_that_gave_up_costs_nothing_more(tmp_path):
    done, did = watch(tmp_path, ["ACTIVE", "ACTIVE"], "gave_up.log")
    assert done.returncode == 1
    assert did == ["delete"]
    assert "gave up: gs://bucket-1/runs/r/gave_up.log" in done.stdout


def test_an_old_mistake_does_not_end_a_new_run(tmp_path):
    done, did = watch(tmp_path, [None, "ACTIVE"], "result.json", bucket=["gave_up.log"])
    assert done.returncode == 0, done.stderr
    assert did == ["rm", "cp", "create", "delete"]


def test_a_run_that_is_done_costs_nothing(tmp_path):
    done, did = watch(tmp_path, [None], "", bucket=["result.json"])
    assert done.returncode == 0 and did == []
    assert "already finished: gs://bucket-1/runs/r/result.json; delete it" in done.stdout


@pytest.fixture
def host(tmp_path):
    """A host's folder with a bucket and programs that are played; what runs its script, for an exit code."""
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "bucket").mkdir()
    (tmp_path / "job").write_text("WORKDIR=gs://b/runs/r\nTRAIN=(timesuite train x.py --json)\n")

    def run(word, **programs):
        # The first copy of a file that somebody waits for fails.
        fails = '[ -e "$0.up" ] || { touch "$0.up"; exit 1; }'
        copy = f"to=${{@: -1}}\ncase $to in *json | *gave_up*) {fails} ;; esac\n"
        programs = {"gcloud": f'{copy}echo "$to" >>"$(dirname "$0")/copied"', **programs}
        for name, text in programs.items():
            file = tmp_path / ("venv/bin/timesuite" if name == "timesuite" else name)
            file.write_text(f"#!/bin/bash\n{text}\n")
            file.chmod(0o755)
        environment = {
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "TIMESUITE_HOME": str(tmp_path),
            "TIMESUITE_MOUNT": str(tmp_path / "bucket"),
            "TIMESUITE_PAUSE": "0",
        }
        # Not captured: the sleeping uploader keeps a pipe open.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 60, "check": False}
        command = ["bash", LAUNCH / "tpu_host.sh", *word]
        return subprocess.run(command, env=environment, process_group=0, **quiet).returncode

    return run


@pytest.mark.parametrize(
    ("code", "printed", "tries", "uploaded"),
    [
        (0, '{"step": 9, "interrupted": false}', 1, ["result.json"]),
        (0, '{"step": 9, "interrupted": true}', 5, ["gave_up.log"]),  # another host was asked to stop, and comes back
        (2, "", 5, ["gave_up.log"]),
    ],
)
def test_a_host_restarts_the_run_and_uploads_its_result(tmp_path, host, code, printed, tries, uploaded):
    train = f"echo '{printed}'\necho \"$* in $PWD\" >&2\nexit {code}"
    assert host(["train"], timesuite=train) == code
    (log,) = tmp_path.glob("*.log")
    assert log.read_text() == f"train x.py --json in {tmp_path}/bucket\n" * tries
    copied = (tmp_path / "copied").read_text().splitlines()
    assert copied == ["gs://b/runs/r/logs/"] * tries + [f"gs://b/runs/r/{name}" for name in uploaded]


def test_a_host_that_goes_leaves_no_result(tmp_path, host):
    """systemd sends SIGTERM to all processes of the service."""
    train = "trap 'sleep 0.2; exit 0' TERM\necho '{\"interrupted\": true}'\nkill -TERM 0\nsleep 9"
    assert host(["train"], timesuite=train) == 0
    assert (tmp_path / "copied").read_text() == "gs://b/runs/r/logs/\n"


def test_a_host_that_cannot_be_set_up_tries_again_and_tells(tmp_path, host):
    played = {
        "curl": f"cp {tmp_path}/job {tmp_path}/given; echo BUCKET=b CODE=c >>{tmp_path}/job",
        "python3": 'echo "no network"; exit 1',
        **dict.fromkeys(("gcsfuse", "mountpoint", "tar", "systemd-run"), ""),
    }
    assert host([], **played) == 1
    copied = (tmp_path / "copied").read_text().splitlines()
    assert copied == [f"{tmp_path}/code.tar.gz"] * 5 + ["gs://b/runs/r/gave_up.log"]
    (log,) = tmp_path.glob("*.log")
    assert log.read_text() == "no network\n" * 5
