//! What a template may say of a task. The names here are the names in the template.

use jct_exec::ExecutionRequest;
use serde::Serialize;
use serde_json::Value;

/// The variables of a template.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    task_id: String,
    attempt: u32,
    repo: String,
    reference: String,
    path: String,
    operation: String,
    read_only: bool,
    objective: String,
    time_budget_seconds: u64,
    acceptance_criteria: Vec<String>,
    evidence_requirements: Vec<String>,
    checks: Vec<Check>,
    doctrine: Doctrine,
    constraints: Option<Value>,
    context: Option<Value>,
    feedback: Vec<Feedback>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    command: String,
    criterion: Option<String>,
}

/// Rules, by how binding they are.
#[derive(Debug, Default, Serialize)]
struct Doctrine {
    must: Vec<Rule>,
    should: Vec<Rule>,
    may: Vec<Rule>,
}

#[derive(Debug, Serialize)]
struct Rule {
    name: String,
    statement: String,
    rationale: Option<String>,
}

/// What a reviewer said of an earlier attempt at the same work.
#[derive(Debug, Serialize)]
struct Feedback {
    task: Option<String>,
    run: Option<String>,
    text: String,
}

impl Facts {
    pub(super) fn of(request: &ExecutionRequest, read_only: bool) -> Self {
        Self {
            task_id: request.task_id.clone(),
            attempt: request.attempt,
            repo: request.repo.clone(),
            reference: request.reference.clone(),
            path: request.path.clone(),
            operation: request.operation.clone(),
            read_only,
            objective: request.objective.clone(),
            time_budget_seconds: request.time_budget.as_secs(),
            acceptance_criteria: request.acceptance_criteria.clone(),
            evidence_requirements: request.evidence_requirements.clone(),
            checks: checks(request),
            doctrine: doctrine(&request.doctrine),
            constraints: request.constraints.clone(),
            context: request.context.clone(),
            feedback: feedback(request),
        }
    }
}

/// The task's checks. The door has refused every other shape, so what does not fit is left out.
fn checks(request: &ExecutionRequest) -> Vec<Check> {
    let values = request.inputs.get("checks").and_then(Value::as_array).into_iter().flatten();
    let check = |value: &Value| {
        let words = value.get("command")?.as_array()?.iter().map(|word| word.as_str().map(shown_word));
        Some(Check {
            name: value.get("name")?.as_str()?.to_owned(),
            command: words.collect::<Option<Vec<String>>>()?.join(" "),
            criterion: criterion(value.get("criterion")?, &request.acceptance_criteria),
        })
    };
    values.filter_map(|value| check(&with_criterion(value))).collect()
}

/// So that a check without a criterion reads like one that names none.
fn with_criterion(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        object.entry("criterion").or_insert(Value::Null);
    }
    value
}

fn criterion(value: &Value, criteria: &[String]) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => {
            let index = usize::try_from(number.as_u64()?).ok()?;
            criteria.get(index).cloned()
        }
        _ => None,
    }
}

/// A word of a command as a shell would want it, for reading.
fn shown_word(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./=:@%+,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn doctrine(values: &[Value]) -> Doctrine {
    let mut doctrine = Doctrine::default();
    for value in values {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(statement) = text("statement") else { continue };
        let names: Vec<String> = ["namespace", "name", "version"].into_iter().filter_map(text).collect();
        let rule =
            Rule { name: names.join("/"), statement, rationale: text("rationale").filter(|why| !why.is_empty()) };
        match text("priority").as_deref() {
            Some("must") => doctrine.must.push(rule),
            Some("may") => doctrine.may.push(rule),
            _ => doctrine.should.push(rule),
        }
    }
    doctrine
}

/// The words of reviewers, from `inputs.follows` and from the context packet of a task that follows another.
fn feedback(request: &ExecutionRequest) -> Vec<Feedback> {
    let in_context =
        request.context.as_ref().and_then(|context| context.get("meta")).and_then(|meta| meta.get("follows"));
    let mut found: Vec<Feedback> = Vec::new();
    for value in request.inputs.get("follows").into_iter().chain(in_context) {
        let Some(entry) = one_feedback(value) else { continue };
        if found.iter().all(|other| other.text != entry.text) {
            found.push(entry);
        }
    }
    found
}

fn one_feedback(value: &Value) -> Option<Feedback> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let review = value.get("review");
    let of_review = |name: &str| review.and_then(|review| review.get(name)).and_then(Value::as_str).map(str::to_owned);
    let words =
        ["feedback", "decision_reason", "reason"].into_iter().find_map(|name| text(name).or_else(|| of_review(name)));
    Some(Feedback { task: text("task"), run: text("run"), text: words.filter(|words| !words.trim().is_empty())? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(inputs: Value) -> ExecutionRequest {
        let Value::Object(inputs) = inputs else { panic!("inputs are an object") };
        ExecutionRequest {
            inputs,
            acceptance_criteria: vec!["first".to_owned(), "second".to_owned()],
            ..Default::default()
        }
    }

    #[test]
    fn checks_name_their_criterion_in_words() {
        let request = request(json!({"checks": [
            {"name": "tests", "command": ["cargo", "test", "a b", "it's"], "criterion": 1},
            {"name": "lint", "command": ["make", "lint"], "criterion": "first"},
            {"name": "free", "command": ["true"]},
            {"name": "no command"},
            "nonsense",
        ]}));
        let checks = checks(&request);
        let shown: Vec<_> = checks.iter().map(|c| (c.command.as_str(), c.criterion.as_deref())).collect();
        let expect = [("cargo test 'a b' 'it'\\''s'", Some("second")), ("make lint", Some("first")), ("true", None)];
        assert_eq!(shown, expect);
    }

    #[test]
    fn doctrine_is_sorted_by_how_binding_it_is() {
        let rule = |priority: &str| json!({"namespace": "n", "name": priority, "version": "1", "priority": priority, "statement": "s"});
        let doctrine = doctrine(&[rule("may"), rule("must"), rule("should"), json!({"statement": "t"}), json!({})]);
        assert_eq!((doctrine.must.len(), doctrine.should.len(), doctrine.may.len()), (1, 2, 1));
        assert_eq!(doctrine.must[0].name, "n/must/1");
    }

    #[test]
    fn a_reviewers_words_are_found_once() {
        let follows = json!({"task": "t", "run": "r", "review": {"decision_reason": "tests are missing"}});
        let mut request = request(json!({"follows": follows}));
        request.context = Some(json!({"meta": {"follows": follows}}));
        let found = feedback(&request);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].run.as_deref(), found[0].text.as_str()), (Some("r"), "tests are missing"));
        request.inputs.insert("follows".to_owned(), json!({"task": "t"}));
        request.context = None;
        assert!(feedback(&request).is_empty());
    }
}
