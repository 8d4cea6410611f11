//! What the demo found: where the trace lies, and the beginning of the report in it.

use std::path::Path;

use jct_trace::{ARTIFACTS_DIR, TraceFolder};

use crate::client::wire::Task;
use crate::failure::Failure;
use crate::output::Output;

/// Lines of the report that are shown; the rest is a file away.
const LINES: usize = 40;
const REPORT: &str = "report.md";
/// Longer reports are cut before they are looked at.
const REPORT_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Prints where the trace of a task lies, and its report.
pub(super) fn print(task: &Task, traces: &Path, output: &Output) -> Result<(), Failure> {
    let Some(path) = &task.trace_path else { return Ok(()) };
    let folder = traces.join(path);
    if let Some(report) = read(&folder) {
        let shown: Vec<_> = report.lines().take(LINES).collect();
        output.line("")?;
        shown.iter().try_for_each(|line| output.line(line))?;
        let more = report.lines().count().saturating_sub(shown.len());
        if more > 0 {
            output.line(format!("... {more} more lines"))?;
        }
        output.line("")?;
        output.line(format!("report  {}", folder.join(ARTIFACTS_DIR).join(REPORT).display()))?;
    }
    output.line(format!("trace   {}", folder.display()))?;
    output.line(format!("verify  jct trace verify {}", task.task_id))
}

/// The report, through the manifest that names it.
fn read(folder: &Path) -> Option<String> {
    let folder = TraceFolder::open_path(folder).ok()?;
    let file = folder.open_file(&format!("{ARTIFACTS_DIR}/{REPORT}")).ok()?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(file.file, REPORT_MAX_BYTES), &mut text).ok()?;
    Some(text)
}
