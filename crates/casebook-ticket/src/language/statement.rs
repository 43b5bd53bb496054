//! What is done: statements.

use std::fmt;
use std::time::Duration;

use super::cursor::quoted;
use super::{DataName, Mutation, Outcome, Predicate, Template, Units, Variable};
use crate::At;

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Where it begins.
    pub at: At,
    /// What is done.
    pub action: Action,
    /// What its result is called from then on.
    pub capture: Option<Variable>,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Sends a request and takes its answer.
    Http(Http),
    /// Calls a method and reads its messages.
    Grpc(Grpc),
    /// Tries to reach something.
    Probe(Probe),
    /// Counts documents.
    MongoCount {
        /// Database and collection.
        target: Template,
        /// Which ones; none for all.
        filter: Option<DataName>,
    },
    /// Notes what there is, to compare later.
    Snapshot(World),
    /// Compares what there is with what was noted.
    Diff {
        /// Where the snapshot was made: `k8s`, `process` or `queue`.
        world: &'static str,
        /// The snapshot.
        before: Variable,
        /// How long nothing else may change; none for one look.
        hold: Option<Duration>,
    },
    /// Counts pods.
    Pods(Variable),
    /// Counts restarts.
    Restarts {
        /// Who counts them: `k8s` or `process`.
        world: &'static str,
        /// Of what.
        of: Variable,
        /// Since when.
        since: Since,
    },
    /// Whether a process runs.
    State(Variable),
    /// Looks for one object in Kubernetes.
    Get {
        /// Its kind, e.g. `job`.
        kind: String,
        /// Its name.
        name: Template,
    },
    /// Reads what was logged.
    Logs {
        /// By whom.
        of: Variable,
        /// Since when.
        since: Since,
    },
    /// Reads a metric.
    Metric {
        /// Whose.
        of: Variable,
        /// Its name and labels, in one word.
        series: String,
    },
    /// Repeats a statement until it says what is waited for.
    Wait(Box<Wait>),
    /// Breaks something.
    Mutate(Mutation),
    /// Names what the environment must have.
    Use(Vec<Variable>),
    /// Puts back what was broken.
    Undo(Undo),
    /// Runs a command that changes nothing, by the word of the author, when `read_only` is set.
    Shell {
        /// What is run.
        command: String,
        /// Whether the author says that it changes nothing.
        read_only: bool,
    },
    /// Looks at an earlier result again.
    Recall(Variable),
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// In capitals.
    pub method: String,
    /// Begins with a name.
    pub target: Template,
    /// Headers beside the usual ones.
    pub headers: Vec<(String, Template)>,
    /// What is sent.
    pub data: Option<DataName>,
    /// When it is given up; none leaves it to the environment.
    pub deadline: Option<Duration>,
    /// What comes of it.
    pub effect: Effect,
}

/// What comes of a request, by the word of the author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// That is not said.
    #[default]
    Untold,
    /// Nothing that stays.
    ReadOnly,
    /// Something that another request undoes, which has no effect of its own to tell of. It may name parts of the
    /// answer by the name that the statement gives to it.
    Undone(Box<Http>),
}

/// A call by gRPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grpc {
    /// Address, service and method.
    pub target: Template,
    /// What is sent, as JSON.
    pub data: Option<DataName>,
    /// How many messages are read; none for one.
    pub read: Option<u32>,
    /// How long is waited before each message is read.
    pub pace: Option<Duration>,
    /// When it is given up.
    pub deadline: Option<Duration>,
}

/// An attempt to reach something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// How.
    pub protocol: Protocol,
    /// What.
    pub target: Template,
    /// From whose place; none from where the tests run.
    pub from: Option<Variable>,
    /// When it is given up.
    pub deadline: Option<Duration>,
}

/// How something is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A connection, and nothing is said.
    Tcp,
    /// AMQP up to the end of its handshake.
    Amqp,
    /// A `ping` of MongoDB's.
    Mongo,
}

/// What a snapshot is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum World {
    /// Objects in Kubernetes, of some kinds.
    Kubernetes(Vec<String>),
    /// A process and all that it started.
    Process(Variable),
    /// A broker's queues.
    Queue(Variable),
}

/// From when on something counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// From when a step began.
    Step(StepId),
    /// From when the run began.
    Start,
}

/// A step as it is called in the first column: letters, digits and dots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StepId(pub String);

/// A statement that is repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// What is repeated.
    pub action: Action,
    /// What must hold, all at once.
    pub until: Vec<Predicate>,
    /// How long is waited at most.
    pub within: Duration,
    /// How long between two attempts; none leaves it to the environment.
    pub every: Option<Duration>,
}

/// What is put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// What one step broke.
    Step(StepId),
    /// Whatever is still broken.
    All,
}

impl Action {
    /// What its result is; none where there is nothing to look at, and for an earlier result, which is what it was.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        Some(match self {
            Self::Http(_) => Outcome::Answer,
            Self::Grpc(_) => Outcome::Messages,
            Self::Probe(Probe { protocol: Protocol::Tcp, .. }) => Outcome::Connection,
            Self::Probe(_) | Self::State(_) => Outcome::Health,
            Self::MongoCount { .. } | Self::Restarts { .. } => Outcome::Count,
            Self::Snapshot(_) | Self::Use(_) | Self::Recall(_) => return None,
            Self::Diff { .. } => Outcome::Difference,
            Self::Pods(_) => Outcome::Pods,
            Self::Get { .. } => Outcome::Object,
            Self::Logs { .. } => Outcome::Log,
            Self::Metric { .. } => Outcome::Metric,
            Self::Wait(wait) => return wait.action.outcome(),
            Self::Mutate(_) => Outcome::Fault,
            Self::Undo(_) => Outcome::Restored,
            Self::Shell { .. } => Outcome::Command,
        })
    }

    /// What it breaks, if it does.
    #[must_use]
    pub fn mutation(&self) -> Option<&Mutation> {
        match self {
            Self::Mutate(mutation) => Some(mutation),
            _ => None,
        }
    }

    /// What undoes what it makes, if it says so: of a request, also of one that is repeated.
    #[must_use]
    pub fn undone_by(&self) -> Option<&Http> {
        match self.inner() {
            Self::Http(Http { effect: Effect::Undone(undo), .. }) => Some(undo),
            _ => None,
        }
    }

    /// Whether it only looks, so that it can be repeated. A request counts as looking: what it starts is the test's
    /// subject.
    #[must_use]
    pub fn is_observation(&self) -> bool {
        !matches!(
            self,
            Self::Mutate(_)
                | Self::Undo(_)
                | Self::Use(_)
                | Self::Wait(_)
                | Self::Snapshot(_)
                | Self::Recall(_)
        )
    }

    /// The action itself, or the one that is repeated.
    #[must_use]
    pub fn inner(&self) -> &Self {
        match self {
            Self::Wait(wait) => &wait.action,
            other => other,
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.action.fmt(formatter)?;
        match &self.capture {
            Some(name) => write!(formatter, " as {}", name.name()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(http) => http.fmt(formatter),
            Self::Grpc(grpc) => grpc.fmt(formatter),
            Self::Probe(probe) => probe.fmt(formatter),
            Self::MongoCount { target, filter } => {
                write!(formatter, "mongo count {target}")?;
                option(formatter, "", filter.as_ref())
            }
            Self::Snapshot(World::Kubernetes(kinds)) => write!(formatter, "k8s snapshot {}", kinds.join(",")),
            Self::Snapshot(World::Process(of)) => write!(formatter, "process snapshot {of}"),
            Self::Snapshot(World::Queue(of)) => write!(formatter, "queue snapshot {of}"),
            Self::Diff { world, before, hold } => {
                write!(formatter, "{world} diff {}", before.name())?;
                option(formatter, "hold ", hold.map(Units))
            }
            Self::Pods(of) => write!(formatter, "k8s pods {of}"),
            Self::Restarts { world, of, since } => write!(formatter, "{world} restarts {of} since {since}"),
            Self::State(of) => write!(formatter, "process state {of}"),
            Self::Get { kind, name } => write!(formatter, "k8s get {kind}/{name}"),
            Self::Logs { of, since } => write!(formatter, "logs {of} since {since}"),
            Self::Metric { of, series } => write!(formatter, "metric {of} {series}"),
            Self::Wait(wait) => wait.fmt(formatter),
            Self::Mutate(mutation) => mutation.fmt(formatter),
            Self::Use(names) => {
                formatter.write_str("use")?;
                names.iter().try_for_each(|name| write!(formatter, " {name}"))
            }
            Self::Undo(Undo::All) => formatter.write_str("undo all"),
            Self::Undo(Undo::Step(step)) => write!(formatter, "undo step {}", step.0),
            Self::Shell { command, read_only } => {
                let read_only = if *read_only { " read-only" } else { "" };
                write!(formatter, "shell {}{read_only}", quoted(command))
            }
            Self::Recall(name) => name.fmt(formatter),
        }
    }
}

fn option(formatter: &mut fmt::Formatter<'_>, word: &str, value: Option<impl fmt::Display>) -> fmt::Result {
    match value {
        Some(value) => write!(formatter, " {word}{value}"),
        None => Ok(()),
    }
}

impl fmt::Display for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http {}", InShort(self))
    }
}

/// A request without the verb.
struct InShort<'a>(&'a Http);

impl fmt::Display for InShort<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Http { method, target, headers, data, deadline, effect } = self.0;
        write!(formatter, "{method} {target}")?;
        for (name, value) in headers {
            write!(formatter, " with {}", quoted(&format!("{name}: {value}")))?;
        }
        option(formatter, "", data.as_ref())?;
        option(formatter, "deadline ", deadline.map(Units))?;
        match effect {
            Effect::Untold => Ok(()),
            Effect::ReadOnly => formatter.write_str(" read-only"),
            Effect::Undone(undo) => write!(formatter, " undo {}", InShort(undo)),
        }
    }
}

impl fmt::Display for Grpc {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "grpc {}", self.target)?;
        option(formatter, "", self.data.as_ref())?;
        option(formatter, "read ", self.read)?;
        option(formatter, "pace ", self.pace.map(Units))?;
        option(formatter, "deadline ", self.deadline.map(Units))
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.protocol, self.target)?;
        option(formatter, "from ", self.from.as_ref())?;
        option(formatter, "deadline ", self.deadline.map(Units))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tcp => "tcp",
            Self::Amqp => "amqp",
            Self::Mongo => "mongo",
        })
    }
}

impl fmt::Display for Since {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step) => write!(formatter, "step {}", step.0),
            Self::Start => formatter.write_str("start"),
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "wait until {}", self.action)?;
        for (number, predicate) in self.until.iter().enumerate() {
            write!(formatter, "{}{predicate}", if number == 0 { " " } else { " and " })?;
        }
        write!(formatter, " within {}", Units(self.within))?;
        option(formatter, "every ", self.every.map(Units))
    }
}
