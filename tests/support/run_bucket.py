"""Saves to an emulated bucket that temporarily responds with errors, in a process of its own; prints the outcome.

    python -m tests.support.run_bucket 403

It needs `pip install gcsfs gcp-storage-emulator`.
"""

import json
import os
import socket
import sys
import threading
import time
from http import HTTPStatus
from typing import Any

with socket.socket() as probe:
    probe.bind(("localhost", 0))
    PORT = probe.getsockname()[1]
HERE = f"http://localhost:{PORT}"
# Read by gcsfs, Google's client and TensorStore when they are imported.
os.environ |= {"STORAGE_EMULATOR_HOST": HERE, "TENSORSTORE_GCS_HTTP_URL": HERE}

import jax.numpy as jnp  # noqa: E402
from gcp_storage_emulator import server  # noqa: E402

from timesuite_jax.checkpoints.manager import Checkpoints  # noqa: E402
from timesuite_jax.checkpoints.retry import RetryingSaver  # noqa: E402
from timesuite_jax.checkpoints.train_state import TrainState  # noqa: E402


class Bucket(server.RequestHandler):
    """Responds, or fails with `refuses_with`."""

    refuses_with: HTTPStatus | None = None
    refused = 0
    error_message_format = '{"error": {"code": %(code)d, "message": "%(message)s"}}'

    def parse_request(self) -> bool:
        understood = super().parse_request()
        if understood and self.refuses_with:
            Bucket.refused += 1
            self.send_error(self.refuses_with)
            return False
        return understood

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def state(step: int) -> TrainState:
    params = {"head": {"kernel": jnp.arange(8192.0) * 0.1 + step}}
    return TrainState(step=jnp.int32(step), params=params, opt_state={"mu": jnp.arange(3.0)})


def recover() -> None:
    Bucket.refuses_with = None


def main(status: HTTPStatus, seconds: float) -> dict[str, Any]:
    server.RequestHandler = Bucket
    bucket = server.create_server("localhost", PORT, in_memory=True, default_bucket="bucket")
    bucket.start()
    with Checkpoints("gs://bucket/run", keep=3) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        while not checkpoints.settled():
            time.sleep(0.1)
        Bucket.refuses_with = status
        recovery = threading.Timer(seconds, recover)
        recovery.start()
        saver.save(2, state(2), {})
        recovery.join()
        while saver.saved == 2 and not checkpoints.settled():
            time.sleep(0.1)
        saver.overdue()
        lost = saver.saved != 2
        saver.finish(3, state(3), {"position": 3})
        outcome = {"refused": Bucket.refused, "lost": lost, "steps": checkpoints.steps()}
    with Checkpoints("gs://bucket/run", read_only=True) as checkpoints:
        return {**outcome, "sound": checkpoints.check_step(None)}


if __name__ == "__main__":
    print(json.dumps(main(HTTPStatus(int(sys.argv[1])), seconds=5)), flush=True)
    os._exit(0)  # the server has threads of its own
