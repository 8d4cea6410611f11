//! The life of an issue. People move it as they like while it is open; the tower follows what happens to its task.

use crate::objects::{IssueChange, NewIssue};
use crate::transition::IllegalTransition;
use crate::words::Status;

/// What happens to the task behind an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkEvent {
    /// A worker has taken it.
    Started,
    /// The attempt did not end it; another will follow.
    Retrying,
    /// It ended with a result, which waits for a review.
    Completed,
    /// It ended with an error.
    Failed,
    /// Somebody cancelled it.
    Canceled,
}

impl WorkEvent {
    /// Every event.
    pub const ALL: [Self; 5] = [Self::Started, Self::Retrying, Self::Completed, Self::Failed, Self::Canceled];

    const fn target(self) -> Status {
        match self {
            Self::Started => Status::Running,
            Self::Retrying => Status::Ready,
            Self::Completed => Status::UnderReview,
            Self::Failed => Status::Failed,
            Self::Canceled => Status::Canceled,
        }
    }
}

/// The state of an issue that somebody moves from `from` to `to`.
///
/// An open issue, and a failed one counts as open, may go anywhere, its own state included. What is `done` or
/// `canceled` may only be opened again, as `planned` or `ready`.
///
/// # Errors
/// [`IllegalTransition`] for every other move.
pub const fn next(from: Status, to: Status) -> Result<Status, IllegalTransition> {
    use Status as S;
    match (from, to) {
        (S::Planned | S::Ready | S::Running | S::Blocked | S::UnderReview | S::Failed, _)
        | (S::Done | S::Canceled, S::Planned | S::Ready) => Ok(to),
        (S::Done | S::Canceled, S::Running | S::Blocked | S::UnderReview | S::Done | S::Failed | S::Canceled) => {
            Err(IllegalTransition { from, to })
        }
    }
}

/// Where an issue goes when `event` happens to its task, or `None` if it stays: because it is there already, or because
/// somebody has closed it, which the tower does not undo.
#[must_use]
pub fn follow(from: Status, event: WorkEvent) -> Option<Status> {
    let closed = matches!(from, Status::Done | Status::Canceled);
    Some(event.target()).filter(|to| !closed && *to != from)
}

impl IssueChange {
    /// Makes the change. The issue is left as it was if the change is refused.
    ///
    /// # Errors
    /// If the state cannot follow the present one.
    pub fn apply(self, issue: &mut NewIssue) -> Result<(), IllegalTransition> {
        // Taken apart in full, so that a new member cannot be forgotten here.
        let Self {
            title,
            description,
            type_,
            priority,
            status,
            assignees,
            watchers,
            acceptance,
            relationships,
            tags,
            meta,
        } = self;
        if let Some(status) = status {
            issue.status = next(issue.status, status)?;
        }
        replace(&mut issue.title, title);
        replace(&mut issue.description, description);
        replace(&mut issue.type_, type_);
        replace(&mut issue.priority, priority);
        replace(&mut issue.assignees, assignees);
        replace(&mut issue.watchers, watchers);
        replace(&mut issue.acceptance, acceptance);
        replace(&mut issue.relationships, relationships);
        replace(&mut issue.tags, tags);
        replace(&mut issue.meta, meta);
        Ok(())
    }
}

fn replace<T>(member: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *member = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_transition_table() {
        let mut table = String::new();
        for from in Status::ALL {
            let to = Status::ALL.iter().filter(|to| next(*from, **to).is_ok()).map(|to| to.as_str());
            table.push_str(&format!("{from} -> {}\n", to.collect::<Vec<_>>().join(" ")));
        }
        let anywhere = "planned ready running blocked under_review done failed canceled";
        assert_eq!(
            table,
            format!(
                "planned -> {anywhere}\nready -> {anywhere}\nrunning -> {anywhere}\nblocked -> {anywhere}\n\
                 under_review -> {anywhere}\ndone -> planned ready\nfailed -> {anywhere}\ncanceled -> planned ready\n"
            )
        );
    }

    #[test]
    fn a_refusal_names_both_states() {
        let refused = next(Status::Done, Status::Running).unwrap_err();
        assert_eq!((refused.from, refused.to), (Status::Done, Status::Running));
        assert_eq!(refused.to_string(), "cannot go from `done` to `running`");
    }

    #[test]
    fn an_issue_follows_its_task_unless_somebody_closed_it() {
        for event in WorkEvent::ALL {
            for from in Status::ALL {
                let stays = matches!(from, Status::Done | Status::Canceled) || *from == event.target();
                assert_eq!(follow(*from, event), if stays { None } else { Some(event.target()) }, "{from} {event:?}");
                if let Some(to) = follow(*from, event) {
                    assert_eq!(next(*from, to), Ok(to));
                }
            }
        }
        assert_eq!(follow(Status::Planned, WorkEvent::Started), Some(Status::Running));
        assert_eq!(follow(Status::Running, WorkEvent::Retrying), Some(Status::Ready));
        assert_eq!(follow(Status::Running, WorkEvent::Completed), Some(Status::UnderReview));
        assert_eq!(follow(Status::Canceled, WorkEvent::Failed), None);
    }
}
