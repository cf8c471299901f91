#!/bin/bash
# What every pod of a GKE workload does: it installs the code, which xpk puts into /app, and trains.
#
# `gke_pod.sh LOGS WORDS...`: a folder of the mounted bucket for what is told on the way, and the command that trains.
set -euo pipefail
cd "$(dirname "$0")/.."
pip install '.[tpu]'
logs=$1
shift
mkdir -p "$logs"
cd "${TIMESUITE_MOUNT:-/mnt/bucket}" # so that the configs' own downloads/ and data/ are the bucket's
private=$(mktemp -d)
mkfifo "$private/said"
tee -a "$logs/$(hostname).log" <"$private/said" >&2 &
tee=$!
"$@" >"$private/result.json" 2>"$private/said" &
run=$!
trap 'kill -TERM $run 2>/dev/null || true' TERM # the run saves, and this waits for it; it may be over, too
while true; do
  code=0
  wait $run || code=$?
  kill -0 $run 2>/dev/null || break # else it was the signal that ended the wait
done
wait $tee || true
cat "$private/result.json"
# A run that was asked to stop has done well, but Kubernetes would take the job for done, and never go on with it. One
# that was asked before it had found its data tells nothing.
if [ $code -eq 0 ] && ! grep -q '"interrupted": false' "$private/result.json"; then code=1; fi
exit $code
