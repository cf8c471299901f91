"""Trains on spot chips, one slice or several: waits for chips, and requests them again after a preemption.

example:
  python launch/queued.py configs/timesuite/linear_p.py --run stage-a --bucket gs://my-bucket \\
      --accelerator v5litepod-256 --zone us-west4-a --slices 2 --dry-run

Polls the queue once a minute until the run is over. A preempted request is deleted and created again, and every host
resumes from the last checkpoint. When the run has finished, or a host has given up (e.g. because of an error in the
config), the chips are released. The run continues if this process is killed; the same command watches it again. Ctrl-C
keeps the chips.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import job as jobs
from commands import Command, ask, attempt, carry_out

# States of a queued resource (cloud.google.com/tpu/docs/queued-resources) that end its allocation.
_OVER = ("FAILED", "SUSPENDED")
_STATE = "--format=value(state.state)"


def main(words: list[str] | None = None) -> None:
    """Launches and watches."""
    parser = jobs.parser(__doc__ or "")
    parser.add_argument("--on-demand", action="store_true", help="more expensive chips that are not preempted")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two polls (default %(default)s)")
    job, args = jobs.read(parser, words)
    with tempfile.TemporaryDirectory() as folder:
        host_file = Path(folder) / "job"
        host_file.write_text(job.host_file())
        name, where = ("gcloud", "compute", "tpus", "queued-resources"), jobs.where(args)
        several = (f"--node-count={job.slices}", f"--node-prefix={job.run}")
        create = (
            *name, "create", job.run, *where,
            *(several if job.slices > 1 else (f"--node-id={job.run}",)), *(() if args.on_demand else ("--spot",)),
            f"--accelerator-type={job.accelerator}", f"--runtime-version={jobs.RUNTIMES[job.generation]}",
            "--scopes=https://www.googleapis.com/auth/cloud-platform",  # the bucket is read and written
            f"--metadata-from-file=startup-script={jobs.ROOT}/launch/tpu_host.sh,job={host_file}",
        )  # fmt: skip
        watch = _Watch(
            create=Command("request chips; every host trains once started", create),
            delete=Command("release the chips", (*name, "delete", job.run, *where, "--force", "--quiet")),
            state=Command("state of the request", (*name, "describe", job.run, *where, _STATE)),
            done=Command("has the run finished?", ("gcloud", "storage", "ls", job.result)),
            gave_up=Command("has a host given up?", ("gcloud", "storage", "ls", job.gave_up)),
        )
        upload = job.upload_code(Path(folder))
        print(f"# every host reads:\n{job.host_file()}")
        if args.dry_run:
            carry_out([*upload, watch.create], dry_run=True)
            print(f"# then, every {args.every:g} seconds, until the run is over:")
            carry_out([watch.done, watch.gave_up, watch.state], dry_run=True)
            print("# when it is, and before the chips are requested again:")
            carry_out([watch.delete], dry_run=True)
            return
        if ask(watch.state.words) is None:  # otherwise the request exists and is only watched
            if ask(watch.done.words) is not None:
                print(f"# already finished: {job.result}; delete it to continue training, or choose another --run")
                return
            if ask(watch.gave_up.words) is not None:
                carry_out(
                    [Command("delete the last failure's log", ("gcloud", "storage", "rm", job.gave_up))],
                    dry_run=False,
                )
            carry_out([*upload, watch.create], dry_run=False)
        sys.exit(watch.until_over(args.every))


class _Watch(NamedTuple):
    """The commands that watch a queued or training run."""

    create: Command
    delete: Command
    state: Command
    done: Command
    gave_up: Command

    def until_over(self, every: float) -> int:
        """Waits until the run is over and the chips are released; returns an exit code.

        Failed requests to the cloud are repeated at the next poll.
        """
        printed = ""
        while True:
            for end, code in ((self.done, 0), (self.gave_up, 1)):
                if ask(end.words) is not None:
                    print(f"# {'done' if code == 0 else 'gave up'}: {end.words[-1]}", flush=True)
                    while attempt(self.delete):
                        time.sleep(every)
                    return code
            state = ask(self.state.words) or "ABSENT"
            if state != printed:
                print(f"# {time.strftime('%F %T')} {state}", flush=True)
                printed = state
            if state == "ABSENT" or (state in _OVER and not attempt(self.delete)):
                attempt(self.create)
            time.sleep(every)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("# stopped watching; the chips are kept", file=sys.stderr)
        sys.exit(130)
