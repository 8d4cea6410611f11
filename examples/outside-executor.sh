#!/bin/sh
# An executor outside the tower: takes a queued task under a lease, works, and ends it with the fence of that lease.
# No worker can claim the task meanwhile; if nothing is reported in time, it fails with EXTERNAL_TIMEOUT.
# Usage: sh examples/outside-executor.sh TASK_ID
set -eu

url=${JCT_URL:-http://127.0.0.1:8000}
task=${1:?usage: outside-executor.sh TASK_ID}

call() {
  if [ -n "${JCT_API_KEY:-}" ]; then set -- --header "Authorization: Bearer $JCT_API_KEY" "$@"; fi
  curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' "$@"
}

taken=$(call --request PATCH --data '{"status":"running","assigned_to":"outside-executor"}' "$url/tasks/$task/status") || {
  printf '%s\n' "$taken" >&2
  exit 1
}
fence=$(printf '%s' "$taken" | sed -n 's/.*"fence" *: *"\([0-9.]*\)".*/\1/p')
printf 'took task %s with fence %s\n' "$task" "$fence"

# The work would be here.

call --request PATCH --data "{\"status\":\"completed\",\"fence\":\"$fence\",\"result\":{\"note\":\"done outside\"}}" \
  "$url/tasks/$task/status"
printf '\n'
