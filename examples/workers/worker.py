#!/usr/bin/env python3
"""A worker of standard library only: takes jobs over HTTP, runs a command for each, sends back what it printed.

    JCT_URL=http://127.0.0.1:8000 JCT_WORKER_TOKEN=jctw_... python3 worker.py manifest,local_fs -- wc -l

The command reads the manifest (of other jobs the payload) from standard input. JCT_WORKER_JOBS: end after as many jobs."""
import hashlib, json, os, shutil, subprocess, sys, threading, time, urllib.error, urllib.parse, urllib.request

URL, TOKEN = os.environ.get("JCT_URL", "http://127.0.0.1:8000").rstrip("/"), os.environ["JCT_WORKER_TOKEN"]
CAPABILITIES, COMMAND = sys.argv[1].split(","), sys.argv[sys.argv.index("--") + 1:]
LEASE, JOBS = int(os.environ.get("JCT_WORKER_LEASE", "60")), int(os.environ.get("JCT_WORKER_JOBS", "0"))

def call(path, body, content_type="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + TOKEN, "Content-Type": content_type}
    with urllib.request.urlopen(urllib.request.Request(URL + "/api/queue/jobs/" + path, data, headers), timeout=90) as answer:
        return json.load(answer)

def heartbeats(job, lease, process, over, found):
    while not found.get("stop") and not over.wait(LEASE / 3):
        try:
            answer = call(job["id"] + "/heartbeat", {**lease, "leaseSeconds": LEASE})
            found["stop"] = "cancelled" if answer.get("cancelRequestedAt") else None
        except urllib.error.HTTPError as error:  # 409: the lease is somebody else's by now
            found["stop"] = "lost" if error.code < 500 else None
        except OSError:  # The tower is away for a moment; the lease outlives that.
            continue
        if found["stop"]:
            process.terminate()

def work(job):
    lease, found = {"leaseId": job["lease"]["id"], "fence": job["lease"]["fence"]}, {}
    text, over = job.get("content") or json.dumps(job["payload"]), threading.Event()
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    threading.Thread(target=heartbeats, args=(job, lease, process, over, found), daemon=True).start()
    output = process.communicate(text.encode())[0]
    over.set()
    if found.get("stop") == "lost":
        return "lost"
    if found.get("stop") == "cancelled" and process.returncode != 0:
        return call(job["id"] + "/cancel/ack", {**lease, "message": "the command was ended"}) and "cancelled"
    if output:
        query = {**lease, "name": "output.txt", "contentType": "text/plain", "digest": "sha256:" + hashlib.sha256(output).hexdigest()}
        call(job["id"] + "/artifacts/upload?" + urllib.parse.urlencode(query), output, "application/octet-stream")
    if process.returncode == 0:
        return call(job["id"] + "/complete", {**lease, "resultSummary": f"{len(output)} bytes of output"}) and "succeeded"
    failure = {"errorMessage": f"the command ended with {process.returncode}", "retryable": process.returncode == 75}
    return call(job["id"] + "/fail", {**lease, **failure}) and "failed"

done = 0 if shutil.which(COMMAND[0]) else sys.exit(f"{COMMAND[0]} cannot be run")
while not JOBS or done < JOBS:
    try:
        job = call("claim", {"leaseSeconds": LEASE, "waitSeconds": 20, "workerCapabilities": CAPABILITIES}).get("job")
        done += bool(job)
        print(job["id"], work(job), flush=True) if job else time.sleep(1)
    except OSError as error:  # So are URLError and HTTPError.
        print(error, error.read().decode() if hasattr(error, "read") else "", file=sys.stderr)
        if getattr(error, "code", 0) in (401, 403, 422): sys.exit(1)
        time.sleep(2)
