#!/bin/bash
# Start script of every pod of a GKE workload: installs the code, which xpk copies to /app, and trains.
#
# `gke_pod.sh LOGS COMMAND...`: a folder of the mounted bucket for logs, and the training command.
set -euo pipefail
cd "$(dirname "$0")/.."
pip install '.[tpu]'
logs=$1
shift
mkdir -p "$logs"
cd "${TIMESUITE_MOUNT:-/mnt/bucket}" # the configs' downloads/ and data/ are in the bucket
private=$(mktemp -d)
mkfifo "$private/stderr"
tee -a "$logs/$(hostname).log" <"$private/stderr" >&2 &
tee=$!
"$@" >"$private/result.json" 2>"$private/stderr" &
run=$!
trap 'kill -TERM $run 2>/dev/null || true' TERM # the run saves before it exits; it may have ended already
while true; do
  code=0
  wait $run || code=$?
  kill -0 $run 2>/dev/null || break # otherwise the signal interrupted the wait
done
wait $tee || true
cat "$private/result.json"
# An interrupted run exits with 0, but Kubernetes would then regard the job as complete and not resume it. A run that was
# interrupted before it had read its data prints nothing.
if [ $code -eq 0 ] && ! grep -q '"interrupted": false' "$private/result.json"; then code=1; fi
exit $code
