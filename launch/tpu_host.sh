#!/bin/bash
# Start-up script of every host of a TPU slice, run as root at every boot: installs the code, and trains or resumes.
# Unlike commands over ssh, it also runs on a host that is repaired or replaced.
#
# Metadata of the machine: `job`, written by launch/job.py: LIBTPU_INIT_ARGS, JAX_COMPILATION_CACHE_DIR, BUCKET, CODE,
# WORKDIR, TRAIN. The service below runs `tpu_host.sh train`.
set -euo pipefail
home=${TIMESUITE_HOME:-/opt/timesuite}
mount=${TIMESUITE_MOUNT:-/mnt/bucket}
tries=${TIMESUITE_TRIES:-5}
pause=${TIMESUITE_PAUSE:-15}
mkdir -p "$home"
log="$home/$(hostname).log"

# The watcher waits for these files, and the chips cost money until one of them exists.
deliver() { until gcloud storage cp --quiet "$1" "$2"; do sleep "$pause"; done; }

start() {
  # The network may not be ready, or the machine may be updating itself.
  for ((try = 1; try <= tries; try++)); do
    if bash "$0" install 2>&1 | tee -a "$log"; then return; fi
    sleep "$pause"
  done
  source "$home/job" && deliver "$log" "$WORKDIR/gave_up.log"
  return 1
}

install() {
  mkdir -p "$home/code" "$mount"
  cp "$0" "$home/tpu_host.sh"
  curl -sf -H "Metadata-Flavor: Google" -o "$home/job" \
    http://metadata.google.internal/computeMetadata/v1/instance/attributes/job
  source "$home/job"
  if ! command -v gcsfuse >/dev/null; then # as in cloud.google.com/storage/docs/cloud-storage-fuse/install
    curl -s https://packages.cloud.google.com/apt/doc/apt-key.gpg >/usr/share/keyrings/cloud.google.asc
    echo "deb [signed-by=/usr/share/keyrings/cloud.google.asc] https://packages.cloud.google.com/apt" \
      "gcsfuse-$(lsb_release -c -s) main" >/etc/apt/sources.list.d/gcsfuse.list
    apt-get update
    apt-get -o DPkg::Lock::Timeout=300 install -y gcsfuse
  fi
  # Read-only, for corpora and downloads. The run itself writes to gs://, where writes are atomic.
  mountpoint -q "$mount" || gcsfuse --implicit-dirs -o ro "$BUCKET" "$mount"
  if [ ! -x "$home/venv/bin/timesuite" ]; then
    gcloud storage cp "$CODE" "$home/code.tar.gz"
    tar -xzf "$home/code.tar.gz" -C "$home/code"
    rm -rf "$home/venv"       # may be incomplete
    python3 -m pip install uv # the image's own Python is too old
    python3 -m uv venv --python 3.12 "$home/venv"
    python3 -m uv pip install --python "$home/venv/bin/python" "$home/code[tpu]"
  fi
  # A service, since systemd sends it SIGTERM before a shutdown and waits while the run saves.
  systemd-run --unit=timesuite --collect --property=TimeoutStopSec=30 --property=After=network-online.target \
    /bin/bash "$home/tpu_host.sh" train
}

train() {
  source "$home/job"
  upload() { gcloud storage cp --quiet "$log" "$WORKDIR/logs/" 2>/dev/null || true; }
  while sleep 60; do upload; done &
  uploader=$!
  going=
  trap 'going=1' TERM # the run receives it, too; the script continues when the run has saved
  cd "$mount"         # the configs' downloads/ and data/ are in the bucket
  failures=0
  while true; do
    began=$SECONDS code=0
    "$home/venv/bin/${TRAIN[0]}" "${TRAIN[@]:1}" >"$home/result.json" 2>>"$log" || code=$?
    upload
    if [ -n "$going" ]; then break; fi
    if [ $code -eq 0 ] && grep -q '"interrupted": false' "$home/result.json"; then
      deliver "$home/result.json" "$WORKDIR/result.json"
      break
    fi
    # Another host or the network may have failed: all hosts try again. Repeated immediate failures are an error, for
    # which the watcher should release the chips.
    if [ $((SECONDS - began)) -gt 600 ]; then failures=0; fi
    failures=$((failures + 1))
    if [ $failures -eq "$tries" ]; then
      deliver "$log" "$WORKDIR/gave_up.log"
      break
    fi
    sleep "$pause"
  done
  kill $uploader || true # it may have received the signal, too
  return $code
}

"${1:-start}"
