# Names for commands that work without it; `just` alone lists them.

[private]
default:
    @just --list --unsorted

# Start a tower here and run one task.
up:
    cargo run --release -p jct -- up --demo

# Everything a change must pass.
ci:
    bash .ci/run

# All tests, on SQLite.
test:
    cargo test --workspace

# The tests with a PostgreSQL half again, a database for each test; the address must allow creating them.
test-postgres url:
    JCT_TEST_POSTGRES_URL={{ url }} cargo test -p jct-store -p jct-runner -p jct-tests

# Format and lint as strictly as .ci/run.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Format.
fmt:
    cargo fmt --all

# Show that the tests notice a build in which fences are not looked at.
broken-fence:
    bash .ci/broken-fence

# With JCT_TEST_POSTGRES_URL set also on PostgreSQL, with a server of its own that is restarted.
#
# Kill workers, APIs and databases while many tasks flow, and balance the books.
torture tasks="5000":
    JCT_TEST_TORTURE_TASKS={{ tasks }} cargo test --release -p jct-tests --test crash -- --nocapture torture

# Measure this machine against the numbers of docs/BENCHMARKS.md.
bench *args:
    cargo run --release -p jct -- bench {{ args }}

# Write the documents that are generated from the types.
docs:
    JCT_TEST_UPDATE_DOCS=1 cargo test -p jct-contract -p jct-cwom
    JCT_TEST_UPDATE_DOCS=1 cargo test -p jct-config -p jct-trace
