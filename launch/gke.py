"""Trains on a GKE cluster, on one slice or several, as a JobSet written by xpk; Kubernetes restarts failed jobs.

example:
  python launch/gke.py configs/timesuite/linear_p.py --run stage-a --bucket gs://my-bucket --cluster tpus \\
      --accelerator v5litepod-256 --zone us-west4-a --slices 2 --dry-run

Once for all runs, `xpk cluster create` creates the cluster and `xpk storage attach` attaches the bucket: --first adds
both. Install xpk with `pip install xpk`; it builds the image and lists its own requirements.
"""

import shlex
import tempfile

import job as jobs
from commands import Command, carry_out

STORAGE = "bucket"  # xpk's name of the mounted bucket


def main(words: list[str] | None = None) -> None:
    """Launches."""
    parser = jobs.parser(__doc__ or "")
    parser.add_argument("--cluster", required=True, help="name of a cluster created by xpk")
    parser.add_argument("--first", action="store_true", help="create the cluster, on spot chips, and attach the bucket")
    job, args = jobs.read(parser, words)
    place = (f"--cluster={args.cluster}", *jobs.where(args))
    chips = (f"--tpu-type={job.accelerator}", f"--num-slices={job.slices}")
    commands = job.look_at_code()
    if args.first:
        cluster = ("xpk", "cluster", "create", *place, *chips, "--spot", "--enable-gcsfuse-csi-driver")
        attach = (
            "xpk", "storage", "attach", STORAGE, "--type=gcsfuse", *place, f"--mount-point={jobs.MOUNT}",
            f"--bucket={job.bucket.removeprefix('gs://')}", "--size=1", "--auto-mount=false",
            "--readonly=false",  # xpk derives from it whether pods may write to the bucket at all, including through gs://
        )  # fmt: skip
        commands += [
            Command("the cluster and its chips", cluster),
            Command("corpora and downloads, as files", attach),
        ]
    logs = f"{jobs.MOUNT}/runs/{job.run}/logs"
    train = shlex.join(("bash", "/app/launch/gke_pod.sh", logs, *job.train("/app")))
    environment = [f"--env={name}={value}" for name, value in job.environment().items()]
    with tempfile.TemporaryDirectory() as folder:
        code = f"{folder}/code"
        clone = ("git", "clone", "--quiet", "--depth=1", f"file://{jobs.ROOT}", code)
        workload = (
            "xpk", "workload", "create", f"--workload={job.run}", *place, *chips,
            "--base-docker-image=python:3.12", f"--script-dir={code}", f"--storage={STORAGE}", *environment,
            "--max-restarts=20",  # for preemptions; a persistent error is repeated as often
            # 3: another host was lost; 1 and 2: another host may succeed. xpk adds 42 and signals.
            "--restart-on-exit-codes=1,2,3",
            "--termination-grace-period-seconds=30",  # time to save
            f"--command=exec {train}",
        )  # fmt: skip
        commands += [
            Command("the committed code", clone),
            Command("the run, on all hosts of all slices", workload),
        ]
        carry_out(commands, dry_run=args.dry_run)
    print(f"# logs: {job.workdir}/logs; kubectl logs -l jobset.sigs.k8s.io/jobset-name={job.run} --all-containers")
    print(f"# curves and profiles: tensorboard --logdir {job.workdir}")


if __name__ == "__main__":
    main()
