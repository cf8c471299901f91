"""The part shared by all launch scripts: a config, a run's name, a bucket, and the command of every host.

The bucket is laid out like a local working directory: the configs read `downloads/` and `data/`; `compiled/` has
compiled programs, `code/` the launched code, and `runs/NAME/` the run: checkpoints, event files, profiles, logs.
"""

import argparse
import dataclasses
import re
import shlex
from pathlib import Path

from bucket_name import naming_mistake
from commands import Command
from performance_flags import GENERATIONS, line, tpu_flags

ROOT = Path(__file__).resolve().parents[1]
HOME = "/opt/timesuite"  # folder for everything on a host
MOUNT = "/mnt/bucket"
_GIT = ("git", "-C", str(ROOT))

# gcloud's names of chips. v5e and v6e count chips, v5p counts cores, two per chip.
_ACCELERATORS = {"v5litepod": "v5e", "v5p": "v5p", "v6e": "v6e"}
# Base images with drivers only (cloud.google.com/tpu/docs/runtimes); JAX is installed with the code.
RUNTIMES = {"v5e": "v2-alpha-tpuv5-lite", "v5p": "v2-alpha-tpuv5", "v6e": "v2-alpha-tpuv6e"}
assert set(_ACCELERATORS.values()) == set(RUNTIMES) == set(GENERATIONS)


@dataclasses.dataclass(frozen=True)
class Job:
    """One run on TPUs."""

    config: str  # CONFIG[:ARG], below the project's root
    overrides: tuple[str, ...]
    run: str
    bucket: str  # gs://...
    accelerator: str
    slices: int = 1

    @property
    def generation(self) -> str:
        """Generation of the chips, e.g. "v5e"."""
        return _ACCELERATORS[self.accelerator.partition("-")[0]]

    @property
    def workdir(self) -> str:
        """Folder of the run."""
        return f"{self.bucket}/runs/{self.run}"

    @property
    def result(self) -> str:
        """File that is written when the run has finished."""
        return f"{self.workdir}/result.json"

    @property
    def gave_up(self) -> str:
        """Log that is written when a host has given up."""
        return f"{self.workdir}/gave_up.log"

    @property
    def code(self) -> str:
        """Archive of the launched code."""
        return f"{self.bucket}/code/{self.run}.tar.gz"

    def environment(self) -> dict[str, str]:
        """Environment variables of every host."""
        return {
            "LIBTPU_INIT_ARGS": line(tpu_flags(self.generation, self.slices)),
            # In the bucket, since only the first process writes the cache, and other hosts and new machines read it.
            "JAX_COMPILATION_CACHE_DIR": f"{self.bucket}/compiled",
        }

    def train(self, code: str) -> tuple[str, ...]:
        """The command of every host; `code` is the folder of the project there."""
        slices = (f"--config.training.mesh.replica={self.slices}",) if self.slices > 1 else ()
        words = ("timesuite", "train", f"{code}/{self.config}", "--workdir", self.workdir, "--json")
        return (*words, *slices, *self.overrides)

    def host_file(self) -> str:
        """The bash variables that launch/tpu_host.sh reads on every host."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environment().items()]
        lines += [f"BUCKET={self.bucket.removeprefix('gs://')}", f"CODE={self.code}", f"WORKDIR={self.workdir}"]
        return "\n".join([*lines, f"TRAIN=({shlex.join(self.train(f'{HOME}/code'))})", ""])

    def upload_code(self, folder: Path) -> list[Command]:
        """Commands that copy the committed code to the bucket."""
        file = str(folder / f"{self.run}.tar.gz")
        pack = (*_GIT, "archive", "--format=tar.gz", f"--output={file}", "HEAD")
        return [
            *self.look_at_code(),
            Command("the committed code", pack),
            Command("for the hosts to fetch", ("gcloud", "storage", "cp", file, self.code)),
        ]

    def look_at_code(self) -> list[Command]:
        """Commands that list uncommitted changes, and fail if the config has some."""
        config = self.config.partition(":")[0]
        return [
            Command("uncommitted changes, which are not launched", (*_GIT, "status", "--short")),
            Command("the config is committed", (*_GIT, "cat-file", "-e", f"HEAD:{config}")),
            Command("the config has no uncommitted changes", (*_GIT, "diff", "--quiet", "HEAD", "--", config)),
        ]


def parser(description: str) -> argparse.ArgumentParser:
    """The options of all launch scripts."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("config", metavar="CONFIG[:ARG]", help="file in this repository; --config.KEY=VALUE overrides")
    made.add_argument("--run", required=True, help="name of the run: lower case, digits, hyphens")
    made.add_argument("--bucket", required=True, metavar="gs://NAME", help="in the region of the chips")
    made.add_argument("--accelerator", required=True, help="e.g. v5litepod-64, v5p-128 (64 chips), v6e-256")
    made.add_argument("--project", help="cloud project (default: gcloud's)")
    made.add_argument("--zone", required=True, help="zone with quota for these chips")
    made.add_argument("--slices", type=int, default=1, help="number of slices (default %(default)s)")
    made.add_argument("--dry-run", action="store_true", help="print the commands only")
    return made


def read(made: argparse.ArgumentParser, words: list[str] | None) -> tuple[Job, argparse.Namespace]:
    """The job that a command line describes; exits with code 2 and a message if it is invalid."""
    args, overrides = made.parse_known_args(words)
    unknown = [word for word in overrides if not word.startswith("--config.")]
    if unknown:
        made.error(f"unrecognised: {' '.join(unknown)}; an override is --config.KEY=VALUE")
    config, colon, variant = args.config.partition(":")
    file = (ROOT / config).resolve()
    if not (file.is_file() and file.is_relative_to(ROOT)):
        made.error(f"config {args.config!r} is not a file below {ROOT}; give e.g. configs/timesuite/linear_p.py")
    if mistake := _mistake(f"{file}{colon}{variant}", overrides):
        made.error(mistake)
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", args.run):
        made.error(f"--run {args.run!r}: up to 40 lower-case letters, digits and hyphens, a letter first")
    bucket = args.bucket.rstrip("/")
    name = bucket.removeprefix("gs://")
    if name == bucket or "/" in name:
        made.error(f"--bucket {args.bucket!r} is not a bucket; write gs://NAME without a folder, e.g. gs://my-bucket")
    if broken := naming_mistake(name):
        made.error(f"--bucket {args.bucket!r} is not a bucket: {broken}; write e.g. gs://my-bucket")
    chips, _, count = args.accelerator.partition("-")
    if chips not in _ACCELERATORS or not count.isdecimal():
        known = ", ".join(f"{name}-64" for name in _ACCELERATORS)
        made.error(f"--accelerator {args.accelerator!r} is unknown; write e.g. {known}")
    if args.slices < 1:
        made.error(f"--slices {args.slices} is less than 1")
    if not args.zone:
        made.error("--zone is empty; write e.g. us-west4-a")
    config = f"{file.relative_to(ROOT)}{colon}{variant}"
    return Job(config, tuple(overrides), args.run, bucket, args.accelerator, args.slices), args


def _mistake(config: str, overrides: list[str]) -> str:
    """The error that the config would cause on the hosts; empty if none, or if the package is not installed here."""
    try:
        from timesuite_jax.cli._configs import load_config
        from timesuite_jax.errors import UserError
    except ImportError:
        return ""
    try:
        load_config(config, overrides)
    except UserError as error:
        return str(error)
    return ""


def where(args: argparse.Namespace) -> tuple[str, ...]:
    """gcloud's options for the zone and the project."""
    return (f"--zone={args.zone}", *((f"--project={args.project}",) if args.project else ()))
