#!/bin/sh
# An executor outside the tower: takes a queued task under a lease, works, and ends it with the fence of that lease.
# Nobody else can have the task meanwhile; if nothing is reported in time, it fails with EXTERNAL_TIMEOUT. The queue is
# paused for a moment, so that no worker is faster than this example.
# Usage: sh examples/outside-executor.sh examples/tasks/survey.json
set -eu

url=${JCT_URL:-http://127.0.0.1:8000}
file=${1:?usage: outside-executor.sh TASK.json}

call() {
  if [ -n "${JCT_API_KEY:-}" ]; then set -- --header "Authorization: Bearer $JCT_API_KEY" "$@"; fi
  curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' "$@"
}
field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }

call --data '{"reason":"an example takes a task"}' "$url/queue/pause" >/dev/null
trap 'call --request POST "$url/queue/resume" >/dev/null' EXIT

answer=$(call --data-binary "@$file" "$url/tasks/enqueue") || { printf '%s\n' "$answer" >&2; exit 1; }
task=$(printf '%s' "$answer" | sed 's/"task":.*//' | field task_id)

taken=$(call --request PATCH --data '{"status":"running","assigned_to":"outside-executor"}' "$url/tasks/$task/status") || {
  printf '%s\n' "$taken" >&2
  exit 1
}
fence=$(printf '%s' "$taken" | field fence)
printf 'took task %s with fence %s\n' "$task" "$fence"

# The work would be here.

call --request PATCH --data "{\"status\":\"completed\",\"fence\":\"$fence\",\"result\":{\"note\":\"done outside\"}}" \
  "$url/tasks/$task/status"
printf '\n'
