//! Who may approve what, and what becomes of it.

use super::*;

fn principal(name: &str) -> Principal {
    Principal::new(RequesterKind::Human, name).unwrap()
}

fn check(reviewer: &str, decision: ReviewDecisionStatus, lifted: bool) -> Result<bool, &'static str> {
    check_as(&principal(reviewer), decision, lifted)
}

fn check_as(reviewer: &Principal, decision: ReviewDecisionStatus, lifted: bool) -> Result<bool, &'static str> {
    let executor = Actor { actor_kind: RequesterKind::Agent, actor_id: "claude".to_owned(), display: None };
    let ana = principal("ana");
    let holders = ["worker-0", "worker-1"].map(str::to_owned);
    let (agent, assignee) = (Some("scribe"), Some(" Jules "));
    let parties = Parties { enqueued_by: &ana, holders: &holders, executor: &executor, agent, assignee };
    allowed(reviewer, &parties, decision, lifted).map_err(|refusal| refusal.role.as_str())
}

#[test]
fn nobody_approves_their_own_work() {
    use ReviewDecisionStatus::Approved;
    for (reviewer, lifted, expected) in [
        ("bea", false, Ok(false)),
        ("bea", true, Ok(false)),
        ("ana", false, Err("enqueued_by")),
        ("ana", true, Ok(true)),
        ("worker-1", false, Err("worker")),
        ("worker-1", true, Err("worker")),
        ("worker-0", true, Err("worker")),
        ("WORKER-1", false, Err("worker")),
        ("scribe", false, Err("agent")),
        ("scribe", true, Err("agent")),
        ("jules", false, Err("assignee")),
        ("jules", true, Err("assignee")),
        ("claude", false, Err("executor")),
        ("claude", true, Err("executor")),
    ] {
        assert_eq!(check(reviewer, Approved, lifted), expected, "{reviewer} {lifted}");
    }
    for decision in [ReviewDecisionStatus::Rejected, ReviewDecisionStatus::NeedsChanges] {
        for reviewer in ["ana", "worker-1", "claude", "scribe", "jules"] {
            assert_eq!(check(reviewer, decision, false), Ok(false), "{reviewer} {decision}");
        }
    }
}

#[test]
fn an_agent_decides_nothing_about_what_it_did() {
    for decision in [ReviewDecisionStatus::Rejected, ReviewDecisionStatus::NeedsChanges] {
        for (agent, expected) in
            [("claude", Err("executor")), ("worker-1", Err("worker")), ("ana", Ok(false)), ("other", Ok(false))]
        {
            let agent = Principal::new(RequesterKind::Agent, agent).unwrap();
            assert_eq!(check_as(&agent, decision, false), expected, "{agent:?} {decision}");
        }
    }
}

#[test]
fn a_decision_moves_what_is_under_review_and_nothing_else() {
    use ReviewDecisionStatus as D;
    use Status as S;
    for run in Status::ALL {
        for issue in Status::ALL {
            for (decision, to_run, to_issue) in [
                (D::Approved, S::Done, S::Done),
                (D::Rejected, S::Failed, S::Failed),
                (D::NeedsChanges, S::Failed, S::Ready),
            ] {
                let moves = decide(*run, *issue, decision);
                assert_eq!(moves.is_some(), *run == S::UnderReview);
                let Some(moves) = moves else { continue };
                assert_eq!(moves.run, to_run);
                assert_eq!(moves.issue, (*issue == S::UnderReview).then_some(to_issue));
                assert_eq!(crate::run::next(*run, moves.run), Ok(moves.run));
                if let Some(to) = moves.issue {
                    assert_eq!(crate::issue::next(*issue, to), Ok(to));
                }
            }
        }
    }
}

fn criterion(index: u32, status: CriterionStatus) -> CriterionResult {
    CriterionResult { criterion: format!("criterion {index}"), index, status, reason: None, evidence_refs: Vec::new() }
}

#[test]
fn only_what_is_proven_approves_itself() {
    let findings = |verdict, status| EvidenceFindings {
        criteria_results: vec![criterion(0, CriterionStatus::Satisfied), criterion(1, status)],
        ..EvidenceFindings::new(verdict, "because")
    };
    let all = Verdict::ALL;
    assert!(approves_itself(&findings(Verdict::Pass, CriterionStatus::Satisfied), &[Verdict::Pass]));
    assert!(approves_itself(&findings(Verdict::Partial, CriterionStatus::Skipped), all));
    assert!(!approves_itself(&findings(Verdict::Pass, CriterionStatus::Satisfied), &[]));
    assert!(!approves_itself(&findings(Verdict::Partial, CriterionStatus::Satisfied), &[Verdict::Pass]));
    assert!(!approves_itself(&findings(Verdict::Pass, CriterionStatus::Unverified), all));
    assert!(!approves_itself(&findings(Verdict::Fail, CriterionStatus::Satisfied), all));
    assert!(!approves_itself(&findings(Verdict::Pending, CriterionStatus::Satisfied), all));
    assert!(!approves_itself(&EvidenceFindings::unproven(&["tests pass".to_owned()], &[]), all));
}

fn change(criterion_index: u32, from: CriterionStatus) -> CriterionOverride {
    let override_status = CriterionStatus::Satisfied;
    CriterionOverride { criterion_index, original_status: from, override_status, reason: "seen".to_owned() }
}

#[test]
fn an_override_changes_the_one_criterion_that_it_is_about() {
    let criteria = [criterion(0, CriterionStatus::Unverified), criterion(1, CriterionStatus::NotSatisfied)];
    let changed = overridden(&criteria, &[change(1, CriterionStatus::NotSatisfied)]).unwrap();
    assert_eq!(changed[0], criteria[0]);
    assert_eq!((changed[1].status, changed[1].reason.as_deref()), (CriterionStatus::Satisfied, Some("seen")));
    assert_eq!(unverified(&changed), 1);
    let refused = overridden(
        &criteria,
        &[
            change(2, CriterionStatus::Unverified),
            change(0, CriterionStatus::Satisfied),
            change(1, CriterionStatus::NotSatisfied),
            change(1, CriterionStatus::NotSatisfied),
        ],
    );
    let refused: Vec<_> = refused.unwrap_err().into_iter().map(|found| (found.pointer, found.code.as_str())).collect();
    assert_eq!(
        refused,
        [
            ("/criteria_overrides/0/criterion_index".to_owned(), "OUT_OF_RANGE"),
            ("/criteria_overrides/1/original_status".to_owned(), "VALUE_NOT_ALLOWED"),
            ("/criteria_overrides/3/criterion_index".to_owned(), "REFERENCE_REPEATED"),
        ]
    );
}
