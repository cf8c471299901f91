"""`timesuite serve`: a server of its own process answers OpenAI's client, and stops in order."""

import base64
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from tests.support import sample_videos
from tests.support.paths import ROOT
from timesuite_jax.cli.main import main


def test_openais_client(tiny_run, tmp_path, capfd):
    pytest.importorskip("starlette")
    openai = pytest.importorskip("openai")
    (tmp_path / "videos").mkdir()
    video = tmp_path / "videos" / "video.mp4"
    (tmp_path / "RUN").symlink_to(tiny_run)
    video.write_bytes(sample_videos.numbered_video(60, rate=12.0))
    question = "When is the red circle visible?"
    words = ["--workdir", str(tmp_path / "RUN"), "--max-new-tokens", "6"]
    assert main(["ask", str(video), question, *words]) == 0
    expected = capfd.readouterr().out.splitlines()[0]
    server = subprocess.Popen(
        [sys.executable, "-m", "timesuite_jax.cli.main", "serve", *words, "--videos", video.parent, "--port", "0"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("serving the model 'RUN' on http://127.0.0.1:"), server.communicate(timeout=60)[1]
        with openai.OpenAI(base_url=line.split()[-1], api_key="none", max_retries=0) as client:
            assert [model.id for model in client.models.list()] == ["RUN"]

            def messages(url):
                parts = [{"type": "video_url", "video_url": {"url": url}}, {"type": "text", "text": question}]
                return {"model": "RUN", "messages": [{"role": "user", "content": parts}]}

            whole = client.chat.completions.create(**messages("video.mp4"))
            assert whole.choices[0].message.content == expected and whole.usage.completion_tokens <= 6
            sent = f"data:video/mp4;base64,{base64.b64encode(video.read_bytes()).decode()}"
            parts = list(client.chat.completions.create(**messages(sent), stream=True))
            assert "".join(part.choices[0].delta.content or "" for part in parts) == expected
            assert parts[-1].choices[0].finish_reason in ("stop", "length")
            with pytest.raises(openai.NotFoundError, match="there is no video"):
                client.chat.completions.create(**messages("../video.mp4"))
            (video.parent / "bad.mp4").write_bytes(b"no video" * 100)
            with pytest.raises(openai.BadRequestError, match="cannot be opened"):
                client.chat.completions.create(**messages("bad.mp4"))
        (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/demo.md").read_text(encoding="utf-8"), re.M | re.S)
        exec(code.replace("http://127.0.0.1:8000/v1", line.split()[-1]), {})
        assert capfd.readouterr().out == f"{expected}\n{expected}"
    finally:
        server.send_signal(signal.SIGTERM)
        err = server.communicate(timeout=60)[1]
    assert "Traceback" not in err and server.returncode in (0, -signal.SIGTERM), err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--port", "70000"], "--port 70000 is no port"),
        (["--timeout", "nan"], "--timeout nan is not a number above 0"),
        (["--max-requests", "0"], "--max-requests 0 is not a number above 0"),
        (["--videos", "/nowhere"], "--videos /nowhere is not a folder"),
        (["--host", "no host"], "cannot listen on no host port 8000"),
    ],
)
def test_invalid_options_are_rejected(tiny_run, capsys, words, expected):
    assert main(["serve", "--workdir", str(tiny_run), *words]) == 2
    assert expected in capsys.readouterr().err


def test_missing_libraries_models_and_ports_are_reported(tiny_run, tmp_path, capsys, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--workdir", str(tiny_run), "--port", str(taken.getsockname()[1])]) == 2
    assert "choose another --host or --port" in capsys.readouterr().err
    assert main(["serve", "--workdir", str(tmp_path)]) == 2
    assert "`timesuite quickstart` trains a small model" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert main(["serve", "--workdir", str(tiny_run)]) == 2
    assert 'pip install "timesuite_jax[serve]"' in capsys.readouterr().err
