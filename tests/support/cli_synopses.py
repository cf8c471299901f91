"""The options that commands of the cloud take, from their published synopses.

gcloud: cloud.google.com/sdk/gcloud/reference (pages of May 2025); xpk: AI-Hypercomputer/xpk, src/xpk/parser, June 2026.
"""

_ANYWHERE = {"--project", "--quiet", "--format", "--zone"}
_MACHINE = {
    "--accelerator-type", "--topology", "--type", "--async", "--boot-disk", "--data-disk", "--description",
    "--internal-ips", "--labels", "--metadata", "--metadata-from-file", "--network", "--range", "--reserved",
    "--scopes", "--service-account", "--shielded-secure-boot", "--spot", "--subnetwork", "--tags",
}  # fmt: skip
_QUEUED = {
    "--runtime-version", "--node-id", "--node-count", "--node-prefix", "--guaranteed", "--valid-after-duration",
    "--valid-after-time", "--valid-until-duration", "--valid-until-time",
}  # fmt: skip
_XPK = {"--project", "--zone", "--cluster"}
OPTIONS = {
    ("gcloud", "compute", "tpus", "tpu-vm", "create"): _MACHINE | {"--version", "--preemptible", "--queue-count"},
    ("gcloud", "compute", "tpus", "tpu-vm", "delete"): {"--async"},
    ("gcloud", "compute", "tpus", "queued-resources", "create"): _MACHINE | _QUEUED,
    ("gcloud", "compute", "tpus", "queued-resources", "describe"): set(),
    ("gcloud", "compute", "tpus", "queued-resources", "delete"): {"--async", "--force"},
    ("gcloud", "storage", "cp"): {"--recursive", "-r"},
    ("gcloud", "storage", "ls"): {"--recursive", "-r", "--long", "-l"},
    ("gcloud", "storage", "rm"): {"--recursive", "-r"},
    ("git",): {"-C", "--format", "--output", "-e", "--short", "--quiet", "--depth", "--"},
    ("xpk", "cluster", "create"): _XPK
    | {"--tpu-type", "--num-slices", "--spot", "--on-demand", "--reservation", "--enable-gcsfuse-csi-driver"},
    ("xpk", "storage", "attach"): _XPK
    | {"--type", "--mount-point", "--bucket", "--size", "--readonly", "--auto-mount", "--mount-options", "--manifest"},
    ("xpk", "workload", "create"): _XPK
    | {
        "--workload", "--command", "--tpu-type", "--num-slices", "--base-docker-image", "--script-dir",
        "--docker-image", "--storage", "--env", "--env-file", "--max-restarts", "--restart-on-exit-codes", "--priority",
        "--termination-grace-period-seconds", "--ttl-seconds-after-finished",
    },
}  # fmt: skip


def command_of(words: list[str]) -> tuple[str, ...]:
    """Which of the commands a line is."""
    return next(name for name in OPTIONS if tuple(words[: len(name)]) == name)


def unknown_options(words: list[str]) -> set[str]:
    """Options of a line that its command does not have."""
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    return options - OPTIONS[command_of(words)] - (_ANYWHERE if words[0] == "gcloud" else set())
