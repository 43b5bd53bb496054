//! What is broken proves something: the system served before, the fault took hold, and the system serves again.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::{
    Action, Comparison, Effect, Fault, Grpc, Http, Measure, Mutation, Operand, Operator, Predicate, Probe,
    Reach, Statement, StatusCode, Undo, Variable,
};
use super::{Checked, Part, Problem, ProblemKind};
use crate::message::{Message, message};

/// One statement, with all that must hold of its result wherever that is said.
struct Done<'a> {
    part: Part,
    step: Option<&'a str>,
    statement: &'a Statement,
    predicates: Vec<&'a Predicate>,
    /// What is requested, in words that are the same whenever the request is.
    request: Option<String>,
}

/// From which and up to which statement a request is seen to succeed.
type Served<'a> = HashMap<&'a str, (usize, usize)>;

pub(super) fn check(checked: &mut Checked) {
    let problems = {
        let run = run(checked);
        let mut faults =
            Faults { served: served(&run), run: &run, told: HashSet::new(), problems: Vec::new() };
        for (begin, done) in run.iter().enumerate() {
            match &done.statement.action {
                Action::Mutate(mutation) => faults.look_at(begin, mutation),
                Action::Shell { read_only: false, .. } => faults.problem(
                    begin,
                    ProblemKind::NoInverse,
                    message!(command_without_undo),
                    message!(write_undo),
                ),
                _ if done.makes_untold() => faults.makes(begin, done),
                _ => {}
            }
        }
        faults.problems
    };
    checked.problems.extend(problems);
}

/// All statements in order.
fn run(checked: &Checked) -> Vec<Done<'_>> {
    let mut run: Vec<Done<'_>> = Vec::new();
    let mut assertions: HashMap<&str, Vec<&Predicate>> = HashMap::new();
    for assertion in &checked.assertions {
        assertions.entry(assertion.step.0.as_str()).or_default().push(&assertion.predicate);
    }
    let mut captured: HashMap<&Variable, usize> = HashMap::new();
    for step in &checked.steps {
        let id = step.id.as_ref().map(|id| id.0.as_str());
        for statement in &step.statements {
            captured.extend(statement.capture.as_ref().map(|name| (name, run.len())));
            let predicates = match &statement.action {
                Action::Wait(wait) => wait.until.iter().collect(),
                _ => Vec::new(),
            };
            let request = match statement.action.inner() {
                Action::Http(http) => {
                    Some(Http { deadline: None, effect: Effect::Untold, ..http.clone() }.to_string())
                }
                Action::Grpc(grpc) => Some(Grpc { deadline: None, ..grpc.clone() }.to_string()),
                _ => None,
            };
            let request = request.map(|text| text.trim_start_matches("http ").to_owned());
            run.push(Done { part: step.part, step: id, statement, predicates, request });
        }
        let asserted = id.and_then(|id| assertions.get(id)).into_iter().flatten().copied();
        let expected: Vec<_> =
            step.predicates.iter().map(|(_, predicate)| predicate).chain(asserted).collect();
        // What is seen of an earlier result is seen of the statement that had it.
        let seen = match step.last().map(|statement| &statement.action) {
            Some(Action::Recall(name)) => captured.get(name).copied(),
            Some(_) => run.len().checked_sub(1),
            None => None,
        };
        if let Some(done) = seen.and_then(|number| run.get_mut(number)) {
            done.predicates.extend(expected);
        }
    }
    run
}

/// Where each request is expected to succeed.
fn served<'a>(run: &'a [Done<'_>]) -> Served<'a> {
    let mut served = Served::new();
    for (number, done) in run.iter().enumerate() {
        if let Some(request) = done.request.as_deref().filter(|_| done.is_served()) {
            served.entry(request).or_insert((number, number)).1 = number;
        }
    }
    served
}

struct Faults<'a> {
    run: &'a [Done<'a>],
    served: Served<'a>,
    /// Requests whose baseline was missed already: it is wanted once, however often they are refused.
    told: HashSet<&'a str>,
    problems: Vec<Problem>,
}

impl<'a> Faults<'a> {
    fn problem(&mut self, number: usize, kind: ProblemKind, what: Message, remedy: Message) {
        let done = &self.run[number];
        self.problems.push(Problem::new(kind, (done.statement.at, done.part.field()), what, remedy));
    }

    /// Whoever ends the run early leaves what it made, and there is none who knew of it.
    fn makes(&mut self, number: usize, done: &Done<'_>) {
        let Some(request) = &done.request else { return };
        let name = done.statement.capture.as_ref().map_or("answer", Variable::name);
        self.problem(
            number,
            ProblemKind::NoInverse,
            message!(may_make, request = request),
            message!(undo_or_read_only, name = name),
        );
    }

    fn look_at(&mut self, begin: usize, mutation: &Mutation) {
        let run = self.run;
        if run[begin].part > Part::Steps {
            let what = message!(broken_after_steps);
            self.problem(begin, ProblemKind::Misplaced, what, message!(break_in_step));
            return;
        }
        let end = undone(run, begin);
        let under_fault = &run[begin + 1..end];
        let refused = under_fault.iter().position(Done::is_refused);
        if !under_fault[..refused.unwrap_or(under_fault.len())].iter().any(|done| done.proves(mutation)) {
            let what = message!(no_proof, fault = mutation.to_string());
            self.problem(begin, ProblemKind::NoProof, what, how_to_prove(mutation));
        }
        match refused {
            Some(first) => {
                let refused = under_fault[first..].iter().filter(|done| done.is_refused());
                let requests: BTreeSet<_> = refused.filter_map(|done| done.request.as_deref()).collect();
                for request in requests {
                    self.request(begin, end, request);
                }
            }
            None => self.without_request(begin, end, mutation),
        }
    }

    /// A request that a fault lets fail succeeds before any fault and after this one.
    fn request(&mut self, begin: usize, end: usize, request: &'a str) {
        let first_fault = self.first_fault(begin);
        let served = self.served.get(request).copied();
        if served.is_none_or(|(first, _)| first > first_fault) && self.told.insert(request) {
            self.problem(
                begin,
                ProblemKind::NoBaseline,
                message!(no_baseline, request = request),
                message!(request_before),
            );
        }
        if served.is_none_or(|(_, last)| last < end) {
            self.problem(
                begin,
                ProblemKind::NoRecovery,
                message!(no_recovery, request = request),
                message!(request_after),
            );
        }
    }

    /// A fault that no request has to feel.
    fn without_request(&mut self, begin: usize, end: usize, mutation: &Mutation) {
        let run = self.run;
        if !run[..self.first_fault(begin)].iter().any(Done::is_seen) {
            self.problem(begin, ProblemKind::NoBaseline, message!(nothing_before), message!(look_first));
        }
        if !run[end..].iter().any(Done::is_seen) {
            let what = message!(nothing_after, fault = mutation.to_string());
            self.problem(begin, ProblemKind::NoRecovery, what, message!(look_after));
        }
    }

    /// The first statement that breaks anything, up to one that does.
    fn first_fault(&self, begin: usize) -> usize {
        let breaks = |done: &Done<'_>| done.statement.action.mutation().is_some();
        self.run[..begin].iter().position(breaks).unwrap_or(begin)
    }
}

/// Where a fault has ended: the first statement behind its undo. Without one it is undone behind the last step.
fn undone(run: &[Done<'_>], begin: usize) -> usize {
    let undo = run.iter().enumerate().skip(begin + 1).find(|(_, done)| match &done.statement.action {
        Action::Undo(Undo::All) => true,
        Action::Undo(Undo::Step(step)) => run[begin].step == Some(step.0.as_str()),
        _ => done.part > Part::Steps,
    });
    match undo {
        Some((number, Done { statement: Statement { action: Action::Undo(_), .. }, .. })) => number + 1,
        Some((number, _)) => number,
        None => run.len(),
    }
}

fn how_to_prove(mutation: &Mutation) -> Message {
    match &mutation.fault {
        Fault::Block { target, from } => {
            message!(prove_block, target = target.to_string(), from = from.to_string())
        }
        Fault::Delay { target, from, by } => {
            let by = super::super::Units(*by).to_string();
            message!(prove_delay, target = target.to_string(), from = from.to_string(), by = by)
        }
        Fault::Shell { .. } => message!(prove_command),
        Fault::Freeze { target }
        | Fault::Stop { target }
        | Fault::Scale { target, .. }
        | Fault::Kill { target } => message!(prove_down, target = target.to_string()),
    }
}

impl Done<'_> {
    /// The status codes that are expected; every predicate about the status counts.
    fn codes(&self) -> impl Iterator<Item = &[StatusCode]> {
        self.predicates.iter().filter_map(|predicate| match predicate {
            Predicate::Status(codes) => Some(codes.as_slice()),
            _ => None,
        })
    }

    /// Whether it is a request that is expected to find an outage.
    fn is_refused(&self) -> bool {
        let is_outage = |code: &StatusCode| matches!(code, StatusCode::Exact(500..) | StatusCode::Class(5));
        self.request.is_some() && self.codes().any(|codes| codes.iter().all(is_outage))
    }

    /// Whether it is a request that may make something, of which nothing is said. One that must be refused may, too:
    /// whether it is refused is what the test finds out.
    fn makes_untold(&self) -> bool {
        let Action::Http(Http { method, effect: Effect::Untold, .. }) = self.statement.action.inner() else {
            return false;
        };
        ["POST", "PUT", "PATCH"].contains(&method.as_str())
    }

    /// Whether it is a request that is expected to succeed.
    fn is_served(&self) -> bool {
        self.request.is_some() && self.codes().any(|codes| codes.iter().all(|code| code.is_success()))
    }

    /// Whether it looks at the system and expects something.
    fn is_seen(&self) -> bool {
        self.statement.action.inner().is_observation() && !self.predicates.is_empty()
    }

    fn proves(&self, mutation: &Mutation) -> bool {
        mutation.is_proven_by(&self.statement.action, &self.predicates)
    }
}

impl Mutation {
    /// Whether a look shows that the fault took hold, as seen from where it is felt, when this holds of it. Of a command
    /// of the ticket's own nobody knows what does: any look.
    #[must_use]
    pub fn is_proven_by(&self, look: &Action, expected: &[&Predicate]) -> bool {
        let Some(target) = self.target() else {
            return look.inner().is_observation() && !expected.is_empty();
        };
        let of = match look.inner() {
            Action::Probe(Probe { target, from, .. }) => {
                // Nobody can say from elsewhere what one place cannot reach.
                let is_felt = from.is_some() && (self.from().is_none() || self.from() == from.as_ref());
                target.variable().filter(|_| is_felt)
            }
            Action::State(of) | Action::Pods(of) if self.from().is_none() => Some(of),
            _ => None,
        };
        of == Some(target) && expected.iter().any(|predicate| self.has_symptom(predicate))
    }

    /// Whether a predicate cannot hold while all is well.
    #[must_use]
    pub fn has_symptom(&self, predicate: &Predicate) -> bool {
        match (predicate, &self.fault) {
            (
                Predicate::Elapsed(
                    Comparison::With(Operator::More | Operator::AtLeast, least) | Comparison::Range(least, _),
                ),
                Fault::Delay { by, .. },
            ) => *least >= *by / 2,
            (Predicate::Reach(reach), _) => !reach.contains(&Reach::Open),
            (Predicate::Down, _) => true,
            (
                Predicate::Measure(
                    Measure::Count | Measure::Ready,
                    Comparison::With(Operator::Equal, Operand::Number(number)),
                ),
                fault,
            ) => match fault {
                Fault::Scale { to, .. } => (*number - f64::from(*to)).abs() < 0.5,
                _ => number.abs() < 0.5,
            },
            _ => false,
        }
    }
}
