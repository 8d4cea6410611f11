//! Which tasks and workers a control or a limit is about, in the SQL that both engines understand. Whoever
//! claims, looks, beats or takes asks by these words, so that all of them agree. [`crate::model::ControlScope`] says the
//! same in Rust; a test compares the two.

/// Whether there is any control.
pub(crate) const NO_CONTROL: &str = "NOT EXISTS (SELECT 1 FROM controls c WHERE c.lifted_at IS NULL)";

/// Whether the control `c` is about the task `t`. A repository is matched by whole segments of its path.
pub(crate) const ABOUT_TASK: &str = "(c.scope = 'all' \
     OR c.scope = 'operation' AND c.value = t.operation \
     OR c.scope = 'repo' AND (t.target_repo = c.value \
     OR substr(t.target_repo, 1, length(c.value) + 1) = c.value || '/') \
     OR c.scope = 'agent' AND c.value IN (t.executor, 'executor:' || t.executor, t.agent, 'adapter:' || t.agent) \
     OR c.scope = 'policy' AND EXISTS (SELECT 1 FROM admissions a WHERE a.task_id = t.id AND a.policy_digest = c.value))";

/// Whether the control `c` is about the worker that `name` stands for: a column, or a parameter.
pub(crate) fn about_worker(name: &str) -> String {
    format!("(c.scope = 'all' OR c.scope = 'agent' AND c.value IN ({name}, 'worker:' || {name}))")
}

/// Whether the control `c` is about whoever takes tasks from outside the tower under this name.
pub(crate) fn about_external(name: &str) -> String {
    format!("(c.scope = 'all' OR c.scope = 'agent' AND c.value IN ({name}, 'external:' || {name}))")
}

/// Whether no control holds the worker.
pub(crate) fn worker_is_free(name: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM controls c WHERE c.lifted_at IS NULL AND {})", about_worker(name))
}

/// Whether no control holds the task of the ready row `r`. Without any control nothing of the task is read.
pub(crate) fn task_is_free() -> String {
    format!(
        "({NO_CONTROL} OR NOT EXISTS (SELECT 1 FROM controls c, tasks t \
         WHERE c.lifted_at IS NULL AND t.id = r.task_id AND {ABOUT_TASK}))"
    )
}

/// Whether the worker has no limit to keep: its own, and that of any executor or adapter.
pub(crate) fn no_limit(worker: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM agents g WHERE {})", limits(worker))
}

/// The agents `g` whose limits a claim of this worker has to keep.
pub(crate) fn limits(worker: &str) -> String {
    format!(
        "g.max_concurrent_tasks IS NOT NULL \
         AND (g.kind IN ('executor', 'adapter') OR g.kind = 'worker' AND g.own_name = {worker})"
    )
}

/// Whether the ready row `r` needs none of the agents that `is_full` is true of; their kind stands before their names.
pub(crate) fn needs_none_of(is_full: impl Fn(&str) -> String) -> String {
    let (executor, adapter) = (is_full("'executor:' || t.executor"), is_full("'adapter:' || t.agent"));
    format!("NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = r.task_id AND ({executor} OR {adapter}))")
}
