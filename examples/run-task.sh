#!/bin/sh
# Hands in the task of a file, follows it to its end, shows what it left.
# Usage: sh examples/run-task.sh examples/tasks/survey.json
set -eu

url=${JCT_URL:-http://127.0.0.1:8000}
file=${1:?usage: run-task.sh TASK.json}

call() {
  if [ -n "${JCT_API_KEY:-}" ]; then set -- --header "Authorization: Bearer $JCT_API_KEY" "$@"; fi
  curl --silent --show-error --fail-with-body "$@"
}

answer=$(call --header 'Content-Type: application/json' --data-binary "@$file" "$url/tasks/enqueue") || {
  printf '%s\n' "$answer" >&2
  exit 1
}
task=$(printf '%s' "$answer" | sed -n 's/.*"task_id" *: *"\([0-9a-f-]*\)".*/\1/p')
printf 'task %s\n' "$task"

# The stream ends by itself when the task has ended.
call --no-buffer "$url/tasks/$task/events"

call "$url/tasks/$task"
printf '\n'
call "$url/tasks/$task/trace/output.json"
printf '\n'
