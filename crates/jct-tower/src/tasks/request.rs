//! What somebody outside asks a task to become, with exactly the fields that belong to it.

use jct_lifecycle::TaskStatus;

/// A change of status with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusRequest {
    /// `pending -> queued`: release a held task.
    Release,
    /// `queued -> running`: take it off the queue.
    Take {
        /// The name shown as the assignee; the principal's if absent.
        assigned_to: Option<String>,
    },
    /// `running -> completed`.
    Complete {
        /// A JSON object as text.
        result: String,
        /// An opaque path, shown and never opened.
        trace_path: Option<String>,
    },
    /// `queued | running -> failed`.
    Fail {
        /// For people.
        error: String,
        /// An opaque path, shown and never opened.
        trace_path: Option<String>,
    },
    /// `pending | queued | running -> cancelled`.
    Cancel,
    /// `pending`: no task ever becomes that.
    Hold,
}

/// The fields that may come along with a status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusFields {
    /// Only with `running`.
    pub assigned_to: Option<String>,
    /// Only with `completed`: a JSON object as text.
    pub result: Option<String>,
    /// Only with `failed`.
    pub error: Option<String>,
    /// Only with `completed` and `failed`.
    pub trace_path: Option<String>,
}

/// A field came along with a status that does not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` does not go with status `{status}`")]
pub struct FieldNotTaken {
    /// The field.
    pub field: &'static str,
    /// The status.
    pub status: TaskStatus,
}

/// The error of a task that was reported as failed without one.
const NO_MESSAGE: &str = "reported as failed, without a message";

impl StatusRequest {
    /// Puts status and fields together.
    ///
    /// # Errors
    /// [`FieldNotTaken`] for the first field that does not belong to the status.
    pub fn new(status: TaskStatus, fields: StatusFields) -> Result<Self, FieldNotTaken> {
        let StatusFields { assigned_to, result, error, trace_path } = fields;
        let given = [
            ("result", result.is_some(), status == TaskStatus::Completed),
            ("error", error.is_some(), status == TaskStatus::Failed),
            ("assigned_to", assigned_to.is_some(), status == TaskStatus::Running),
            ("trace_path", trace_path.is_some(), matches!(status, TaskStatus::Completed | TaskStatus::Failed)),
        ];
        if let Some((field, ..)) = given.into_iter().find(|(_, given, taken)| *given && !taken) {
            return Err(FieldNotTaken { field, status });
        }
        Ok(match status {
            TaskStatus::Pending => Self::Hold,
            TaskStatus::Queued => Self::Release,
            TaskStatus::Running => Self::Take { assigned_to },
            TaskStatus::Completed => Self::Complete { result: result.unwrap_or_else(|| "{}".to_owned()), trace_path },
            TaskStatus::Failed => Self::Fail { error: error.unwrap_or_else(|| NO_MESSAGE.to_owned()), trace_path },
            TaskStatus::Cancelled => Self::Cancel,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_fields() -> [(&'static str, StatusFields); 4] {
        let some = |text: &str| Some(text.to_owned());
        [
            ("assigned_to", StatusFields { assigned_to: some("ana"), ..StatusFields::default() }),
            ("result", StatusFields { result: some("{}"), ..StatusFields::default() }),
            ("error", StatusFields { error: some("broke"), ..StatusFields::default() }),
            ("trace_path", StatusFields { trace_path: some("p"), ..StatusFields::default() }),
        ]
    }

    #[test]
    fn each_status_takes_its_own_fields_and_no_other() {
        let mut table = String::new();
        for status in TaskStatus::ALL {
            let taken: Vec<_> = all_fields()
                .into_iter()
                .filter(|(field, fields)| match StatusRequest::new(status, fields.clone()) {
                    Ok(_) => true,
                    Err(refused) => {
                        assert_eq!(refused, FieldNotTaken { field, status });
                        false
                    }
                })
                .map(|(field, _)| field)
                .collect();
            table.push_str(&format!("{status}: {}\n", taken.join(" ")));
        }
        assert_eq!(
            table,
            "pending: \nqueued: \nrunning: assigned_to\ncompleted: result trace_path\nfailed: error trace_path\n\
             cancelled: \n"
        );
    }

    #[test]
    fn a_completed_task_without_a_result_has_an_empty_one() {
        let request = StatusRequest::new(TaskStatus::Completed, StatusFields::default());
        assert_eq!(request, Ok(StatusRequest::Complete { result: "{}".to_owned(), trace_path: None }));
    }
}
