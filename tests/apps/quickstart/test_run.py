"""What quickstarts share: steps in order, results, the settings of a work folder, and the end of what is printed."""

import dataclasses
import io
import json

import pytest
from rich.console import Console

from timesuite_jax.apps.quickstart import Quickstart, Work, print_outcome, run
from timesuite_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Sizes:
    """A config."""

    videos: int = 3


@dataclasses.dataclass(frozen=True)
class Found:
    """A result."""

    files: dict[str, str]
    next_command: str = "timesuite ask 'a video.mp4'"

    def metrics(self) -> dict[str, float]:
        """One number."""
        return {"accuracy": 0.5}


def _pipeline(work: Work[Sizes]) -> Found:
    for name in ("videos", "training"):
        with work.step(name, f"making {work.config.videos} {name}"):
            (work.folder / name).write_text(str(work.seed))
    return Found({"picture": str(work.folder / "picture.png")})


def _print_table(result: Found, console: Console) -> None:
    console.print(f"accuracy {result.metrics()['accuracy']}")


SMALL = Quickstart("small", Sizes(), 2, _pipeline, _print_table, "open the picture above, then ask")


def test_steps_are_shown_and_timed_in_order(tmp_path, capsys):
    outcome = run(SMALL, tmp_path, seed=7)
    assert capsys.readouterr().err.splitlines() == ["1/2 making 3 videos", "2/2 making 3 training"]
    assert list(outcome.seconds) == ["videos", "training"] and (tmp_path / "training").read_text() == "7"


def test_quiet_prints_nothing(tmp_path, capsys):
    run(SMALL, tmp_path, seed=0, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_results_are_written(tmp_path):
    outcome = run(SMALL, tmp_path, seed=0, quiet=True)
    found = json.loads((tmp_path / "results.json").read_text())
    assert found == outcome.as_json()
    assert found == {"accuracy": 0.5, "seconds": outcome.seconds, "files": {"picture": str(tmp_path / "picture.png")},
                     "next": "timesuite ask 'a video.mp4'"}  # fmt: skip


def test_the_output_ends_with_paths_seconds_and_the_next_command(tmp_path):
    printed = io.StringIO()
    print_outcome(SMALL, run(SMALL, tmp_path, seed=0, quiet=True), Console(file=printed, width=60))
    table, picture, seconds, _, closing, command = printed.getvalue().splitlines()
    assert (table, picture) == ("accuracy 0.5", f"picture: {tmp_path / 'picture.png'}")
    assert seconds.startswith("videos 0 s, training 0 s; ") and closing == "open the picture above, then ask:"
    assert command == "timesuite ask 'a video.mp4'"


@pytest.mark.parametrize(
    ("changes", "seed", "named"),
    [
        ({"config": Sizes(4)}, 0, "config: {'videos': 3} -> {'videos': 4}"),
        ({}, 1, "seed: 0 -> 1"),
        ({"family": "large"}, 0, "family: 'small' -> 'large'"),
    ],
)
def test_another_config_seed_or_family_is_refused(changes, seed, named, tmp_path):
    run(SMALL, tmp_path, seed=0, quiet=True)
    with pytest.raises(UserError, match="other options; give another --workdir") as error:
        run(dataclasses.replace(SMALL, **changes), tmp_path, seed=seed, quiet=True)
    assert named in str(error.value)


def test_a_damaged_settings_file_is_refused(tmp_path):
    (tmp_path / "quickstart.json").write_text("{")
    with pytest.raises(UserError, match=r"quickstart\.json is damaged"):
        run(SMALL, tmp_path, seed=0, quiet=True)
