"""What all launches have in common: a config, a run's name, a bucket, and what every host of the run does.

The bucket holds everything and is laid out like the folder that one would train in: `downloads/` and `data/` are where
the configs look for them, `compiled/` keeps compiled programs, `code/` what was launched, and `runs/NAME/` the run:
checkpoints, event files, profiles, logs, goodput.
"""

import argparse
import dataclasses
import re
import shlex
from pathlib import Path

from commands import Command
from performance_flags import GENERATIONS, line, tpu_flags

ROOT = Path(__file__).resolve().parents[1]
HOME = "/opt/timesuite"  # of everything on a host
MOUNT = "/mnt/bucket"
_GIT = ("git", "-C", str(ROOT))

# gcloud's names of chips. v5e and v6e count chips, v5p counts cores, two a chip.
_ACCELERATORS = {"v5litepod": "v5e", "v5p": "v5p", "v6e": "v6e"}
# Base images with drivers only (cloud.google.com/tpu/docs/runtimes): JAX comes with the code.
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
        """Of the chips, e.g. "v5e"."""
        return _ACCELERATORS[self.accelerator.partition("-")[0]]

    @property
    def workdir(self) -> str:
        """Where the run lies."""
        return f"{self.bucket}/runs/{self.run}"

    @property
    def result(self) -> str:
        """Is there once the run has ended by itself."""
        return f"{self.workdir}/result.json"

    @property
    def gave_up(self) -> str:
        """Is there if a host has tried in vain, and is the log that says why."""
        return f"{self.workdir}/gave_up.log"

    @property
    def code(self) -> str:
        """What was launched."""
        return f"{self.bucket}/code/{self.run}.tar.gz"

    def environment(self) -> dict[str, str]:
        """Variables of every host."""
        return {
            "LIBTPU_INIT_ARGS": line(tpu_flags(self.generation, self.slices)),
            # In the bucket, since the first process alone writes it: elsewhere the other hosts would never find it,
            # and a new machine has nothing.
            "JAX_COMPILATION_CACHE_DIR": f"{self.bucket}/compiled",
        }

    def train(self, code: str) -> tuple[str, ...]:
        """The command of every host; `code` is the folder of the project there."""
        slices = (f"--config.training.mesh.replica={self.slices}",) if self.slices > 1 else ()
        words = ("timesuite", "train", f"{code}/{self.config}", "--workdir", self.workdir, "--json")
        return (*words, *slices, *self.overrides)

    def host_file(self) -> str:
        """What launch/tpu_host.sh reads on every host: variables in bash's own writing."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environment().items()]
        lines += [f"BUCKET={self.bucket.removeprefix('gs://')}", f"CODE={self.code}", f"WORKDIR={self.workdir}"]
        return "\n".join([*lines, f"TRAIN=({shlex.join(self.train(f'{HOME}/code'))})", ""])

    def upload_code(self, folder: Path) -> list[Command]:
        """Brings the code, as it is committed, into the bucket."""
        file = str(folder / f"{self.run}.tar.gz")
        pack = (*_GIT, "archive", "--format=tar.gz", f"--output={file}", "HEAD")
        return [
            *self.look_at_code(),
            Command("what is committed is what runs", pack),
            Command("hosts fetch it from there", ("gcloud", "storage", "cp", file, self.code)),
        ]

    def look_at_code(self) -> list[Command]:
        """Lists what is not committed; ends the launch if the config is among it."""
        config = self.config.partition(":")[0]
        return [
            Command("what this lists is not committed, and stays here", (*_GIT, "status", "--short")),
            Command("the config is committed", (*_GIT, "cat-file", "-e", f"HEAD:{config}")),
            Command("as it is here", (*_GIT, "diff", "--quiet", "HEAD", "--", config)),
        ]


def parser(description: str) -> argparse.ArgumentParser:
    """Options that all launches take."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("config", metavar="CONFIG[:ARG]", help="below the project's root; --config.KEY=VALUE overrides")
    made.add_argument("--run", required=True, help="name of the run: lower case, digits, hyphens")
    made.add_argument("--bucket", required=True, metavar="gs://BUCKET", help="in the region of the chips")
    made.add_argument("--accelerator", required=True, help="e.g. v5litepod-64, v5p-128 (64 chips), v6e-256")
    made.add_argument("--project", help="of the cloud (default: gcloud's)")
    made.add_argument("--zone", required=True, help="where there is quota for these chips")
    made.add_argument("--slices", type=int, default=1, help="that train together (default %(default)s)")
    made.add_argument("--dry-run", action="store_true", help="print what would be done")
    return made


def read(made: argparse.ArgumentParser, words: list[str] | None) -> tuple[Job, argparse.Namespace]:
    """The job that a command line describes; ends with exit code 2 and a sentence if it describes none."""
    args, overrides = made.parse_known_args(words)
    unknown = [word for word in overrides if not word.startswith("--config.")]
    if unknown:
        made.error(f"unrecognised: {' '.join(unknown)}; an override is --config.KEY=VALUE")
    config, colon, variant = args.config.partition(":")
    file = (ROOT / config).resolve()
    if not (file.is_file() and file.is_relative_to(ROOT)):
        made.error(f"config {args.config!r} is no file below {ROOT}; e.g. configs/timesuite/linear_p.py")
    if mistake := _mistake(f"{file}{colon}{variant}", overrides):
        made.error(mistake)
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", args.run):
        made.error(f"--run {args.run!r}: up to 40 lower-case letters, digits and hyphens, a letter first")
    if not re.fullmatch(r"gs://[a-z0-9][-._a-z0-9]+", args.bucket):
        made.error(f"--bucket {args.bucket!r} is no bucket; write gs://NAME, without a folder")
    chips, _, count = args.accelerator.partition("-")
    if chips not in _ACCELERATORS or not count.isdecimal():
        known = ", ".join(f"{name}-64" for name in _ACCELERATORS)
        made.error(f"--accelerator {args.accelerator!r} is unknown; write e.g. {known}")
    if args.slices < 1:
        made.error(f"--slices {args.slices} is less than 1")
    if not args.zone:
        made.error("--zone is empty; write e.g. us-west4-a")
    config = f"{file.relative_to(ROOT)}{colon}{variant}"
    return Job(config, tuple(overrides), args.run, args.bucket, args.accelerator, args.slices), args


def _mistake(config: str, overrides: list[str]) -> str:
    """What the hosts would say of the config, while it costs nothing; only where the package is installed here, too."""
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
    """gcloud's own options that say where."""
    return (f"--zone={args.zone}", *((f"--project={args.project}",) if args.project else ()))
