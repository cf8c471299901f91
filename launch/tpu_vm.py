"""Trains on one TPU VM or one slice, on demand: the simplest launch, for a first test.

example:
  python launch/tpu_vm.py configs/timesuite/finetune.py:v5e-8 --run first --bucket gs://my-bucket \\
      --accelerator v5litepod-8 --zone us-west4-a --dry-run

It requests the chips immediately and fails if there are none; launch/queued.py waits for them. The chips cost money
until you delete them with the command in the last line of the output.
"""

import shlex
import tempfile
from pathlib import Path

import job as jobs
from commands import Command, carry_out


def main(words: list[str] | None = None) -> None:
    """Launches."""
    parser = jobs.parser(__doc__ or "")
    job, args = jobs.read(parser, words)
    if job.slices > 1:
        parser.error(f"--slices {job.slices}: one slice only; launch/queued.py and launch/gke.py take several")
    with tempfile.TemporaryDirectory() as folder:
        host_file = Path(folder) / "job"
        host_file.write_text(job.host_file())
        create = (
            "gcloud", "compute", "tpus", "tpu-vm", "create", job.run, *jobs.where(args),
            f"--accelerator-type={job.accelerator}", f"--version={jobs.RUNTIMES[job.generation]}",
            "--scopes=https://www.googleapis.com/auth/cloud-platform",  # the bucket is read and written
            f"--metadata-from-file=startup-script={jobs.ROOT}/launch/tpu_host.sh,job={host_file}",
        )  # fmt: skip
        print(f"# every host reads:\n{job.host_file()}")
        carry_out(
            [
                *job.upload_code(Path(folder)),
                Command("request chips; every host trains once started", create),
            ],
            dry_run=args.dry_run,
        )
    end = ("gcloud", "compute", "tpus", "tpu-vm", "delete", job.run, *jobs.where(args), "--quiet")
    print(f"# logs: {job.workdir}/logs; curves and profiles: tensorboard --logdir {job.workdir}")
    print(f"# when {job.result} exists, release the chips:\n{shlex.join(end)}")


if __name__ == "__main__":
    main()
