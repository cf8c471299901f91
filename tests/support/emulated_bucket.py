"""An emulated bucket for the client libraries of a real one; needs gcsfs and gcp-storage-emulator (`.[test]`)."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest


@contextmanager
def emulated_bucket() -> Iterator[str]:
    """Yields the URL of an empty bucket that exists in this process.

    The libraries read the emulator's address when they first use a bucket, so one emulator serves a whole process.
    """
    pytest.importorskip("gcsfs")
    server = pytest.importorskip("gcp_storage_emulator.server")
    objects = pytest.importorskip("gcp_storage_emulator.handlers.objects")
    download = objects.download

    def download_with_generation(request: Any, response: Any, storage: Any, *rest: Any, **options: Any) -> None:
        """As a real bucket does: TensorStore writes on the condition that an object is still the one that it read."""
        download(request, response, storage, *rest, **options)
        with suppress(Exception):  # there is no such object, which `download` has answered
            found = storage.get_file_obj(request.params["bucket_name"], request.params["object_id"])
            response["x-goog-generation"] = found["generation"]

    class Handler(server.RequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):  # a client that needs no more of a response closes the connection
                super().handle()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    address = f"http://localhost:{port}"
    os.environ |= {"STORAGE_EMULATOR_HOST": address, "TENSORSTORE_GCS_HTTP_URL": address}
    server.RequestHandler = Handler
    objects.download = download_with_generation
    emulator = server.create_server("localhost", port, in_memory=True, default_bucket="bucket")
    emulator.start()
    try:
        yield "gs://bucket"
    finally:
        emulator.stop()
        objects.download = download
