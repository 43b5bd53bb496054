//! Which names a statement or a predicate uses.

use super::{
    Action, Comparison, DataName, Fault, Grpc, Http, Mutation, Operand, Predicate, Reference, Since, StepId,
    Template, Undo, Value, ValueTest, Variable, World,
};

/// What a statement or a predicate uses that stands elsewhere.
#[derive(Debug, Default)]
pub(super) struct Uses<'a> {
    /// Names of the environment's or of results, with the part that is meant.
    pub(super) references: Vec<(&'a Variable, Option<&'a Reference>)>,
    /// Test data.
    pub(super) data: Vec<&'a DataName>,
    /// Steps.
    pub(super) steps: Vec<&'a StepId>,
}

impl Predicate {
    /// The names that it uses: the environment's, and those of results.
    pub fn names(&self) -> impl Iterator<Item = &Variable> {
        Uses::of_predicate(self).references.into_iter().map(|(name, _)| name)
    }
}

impl<'a> Uses<'a> {
    /// What an action uses. The names that `use` declares are not among it, nor are snapshots that are compared with,
    /// nor what the undo of a request uses: these are looked at by themselves.
    pub(super) fn of_action(action: &'a Action) -> Self {
        let mut uses = Self::default();
        uses.action(action);
        uses
    }

    /// What a predicate uses.
    pub(super) fn of_predicate(predicate: &'a Predicate) -> Self {
        let mut uses = Self::default();
        uses.predicate(predicate);
        uses
    }

    /// What a request uses, but for its undo.
    pub(super) fn of_request(request: &'a Http) -> Self {
        let mut uses = Self::default();
        uses.request(request);
        uses
    }

    fn name(&mut self, name: &'a Variable) {
        self.references.push((name, None));
    }

    fn reference(&mut self, reference: &'a Reference) {
        self.references.push((&reference.name, Some(reference)));
    }

    fn template(&mut self, template: &'a Template) {
        template.references().for_each(|reference| self.reference(reference));
    }

    fn since(&mut self, since: &'a Since) {
        if let Since::Step(step) = since {
            self.steps.push(step);
        }
    }

    fn request(&mut self, Http { target, headers, data, .. }: &'a Http) {
        self.template(target);
        for (_, value) in headers {
            self.template(value);
        }
        self.data.extend(data);
    }

    fn action(&mut self, action: &'a Action) {
        match action {
            Action::Http(request) => self.request(request),
            Action::Grpc(Grpc { target, data, .. }) => {
                self.template(target);
                self.data.extend(data);
            }
            Action::Probe(probe) => {
                self.template(&probe.target);
                probe.from.iter().for_each(|from| self.name(from));
            }
            Action::MongoCount { target, filter } => {
                self.template(target);
                self.data.extend(filter);
            }
            Action::Snapshot(World::Process(of) | World::Queue(of))
            | Action::Pods(of)
            | Action::State(of)
            | Action::Metric { of, .. } => self.name(of),
            Action::Restarts { of, since, .. } | Action::Logs { of, since } => {
                self.name(of);
                self.since(since);
            }
            Action::Get { name, .. } => self.template(name),
            Action::Wait(wait) => {
                self.action(&wait.action);
                wait.until.iter().for_each(|predicate| self.predicate(predicate));
            }
            Action::Mutate(Mutation { fault, .. }) => match fault {
                Fault::Block { target, from } | Fault::Delay { target, from, .. } => {
                    self.name(target);
                    self.name(from);
                }
                Fault::Freeze { target }
                | Fault::Stop { target }
                | Fault::Scale { target, .. }
                | Fault::Kill { target } => self.name(target),
                Fault::Shell { .. } => {}
            },
            Action::Undo(Undo::Step(step)) => self.steps.push(step),
            Action::Snapshot(World::Kubernetes(_))
            | Action::Diff { .. }
            | Action::Use(_)
            | Action::Undo(Undo::All)
            | Action::Shell { .. }
            | Action::Recall(_) => {}
        }
    }

    fn predicate(&mut self, predicate: &'a Predicate) {
        match predicate {
            Predicate::Json(_, test) | Predicate::Header(_, test) => match test {
                ValueTest::Is(Value::Reference(reference))
                | ValueTest::IsNot(Value::Reference(reference)) => {
                    self.reference(reference);
                }
                ValueTest::Compare(comparison) | ValueTest::Count(comparison) => self.comparison(comparison),
                _ => {}
            },
            Predicate::Measure(_, comparison) => self.comparison(comparison),
            _ => {}
        }
    }

    fn comparison(&mut self, comparison: &'a Comparison<Operand>) {
        let (one, other) = match comparison {
            Comparison::With(_, one) => (one, None),
            Comparison::Range(from, to) => (from, Some(to)),
        };
        for operand in std::iter::once(one).chain(other) {
            if let Operand::Reference(reference) = operand {
                self.reference(reference);
            }
        }
    }
}
