"""A second run in a work folder is an error while the first is running, not after it was killed."""

import signal
from pathlib import Path

from tests.support.fork_server import ForkServer
from tests.support.toy_processes import start

REFUSED = "UserError: another run uses {folder} (pid {pid} on"


def test_a_second_run_fails_while_the_first_is_running(fork_server: ForkServer, tmp_path: Path):
    first = fork_server.start(tmp_path, "--steps=100000", "--save-every=100000", "--delay=0.05")
    first.wait_for("first step")
    second = fork_server.start(tmp_path, "--steps=4")
    assert second.wait() == 2
    assert REFUSED.format(folder=tmp_path, pid=first.pid) in second.output
    for process in start(fork_server, tmp_path, 2, 1, "--steps=4"):  # whichever process finds the folder locked
        assert process.wait() == 2, process.output
        assert REFUSED.format(folder=tmp_path, pid=first.pid) in process.output
        assert "Traceback" not in process.output
    assert first.code is None
    first.send(signal.SIGKILL)
    first.wait()
    assert fork_server.start(tmp_path, "--steps=4").wait() == 0
