//! What must be seen: predicates.

use std::fmt;
use std::time::Duration;

use super::cursor::quoted;
use super::{Path, Reference, Units};
use crate::message::{Message, message};

/// What a statement can have for a result, which says which predicates can be held against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The answer to an HTTP request.
    Answer,
    /// The messages of a call by gRPC.
    Messages,
    /// What became of an attempt to connect.
    Connection,
    /// Whether something is up.
    Health,
    /// A number of things.
    Count,
    /// Pods, all and those that are ready.
    Pods,
    /// What came and went since a snapshot.
    Difference,
    /// One object, or that there is none.
    Object,
    /// Lines of a log.
    Log,
    /// A number that a metric has.
    Metric,
    /// A command's output and exit code.
    Command,
    /// A fault that was asked for.
    Fault,
    /// A fault that was undone.
    Restored,
}

/// One predicate.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// One of these codes was answered.
    Status(Vec<StatusCode>),
    /// A part of a JSON is as wanted.
    Json(Path, ValueTest),
    /// A header is as wanted; its name.
    Header(String, ValueTest),
    /// It took as long as wanted.
    Elapsed(Comparison<Duration>),
    /// The text is as wanted.
    Text(TextTest),
    /// A number is as wanted.
    Measure(Measure, Comparison<Operand>),
    /// The attempt to connect ended in one of these ways.
    Reach(Vec<Reach>),
    /// It is up.
    Up,
    /// It is not.
    Down,
    /// It is there.
    Exists,
    /// It is not.
    Absent,
    /// The fault was put in place, as far as its mechanism can tell.
    Applied,
    /// The fault is gone, and that was checked.
    Undone,
}

impl Predicate {
    /// Whether it has a regular expression, in which characters mean more than themselves.
    #[must_use]
    pub fn has_expression(&self) -> bool {
        let (Self::Text(text)
        | Self::Json(_, ValueTest::Text(text))
        | Self::Header(_, ValueTest::Text(text))) = self
        else {
            return false;
        };
        matches!(text, TextTest::Matches(_))
    }
}

/// A status code, or all of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusCode {
    /// 100 to 599.
    Exact(u16),
    /// 1 to 5, written `2xx`.
    Class(u8),
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueTest {
    /// It is there, whatever it is.
    Exists,
    /// It is not there.
    Absent,
    /// It is this.
    Is(Value),
    /// It is there and something else.
    IsNot(Value),
    /// It is a number that compares so.
    Compare(Comparison<Operand>),
    /// It is a text that is as wanted.
    Text(TextTest),
    /// It has as many elements or fields as wanted.
    Count(Comparison<Operand>),
}

/// What a text must be. Letters' case does not matter, but to a regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// All of these are in it.
    Contains(Vec<String>),
    /// At least one of these is in it.
    HasAny(Vec<String>),
    /// None of these is in it.
    HasNone(Vec<String>),
    /// A regular expression matches somewhere in it.
    Matches(String),
}

/// A number that results have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Rows in the messages that were read.
    Rows,
    /// How many there are.
    Count,
    /// How many pods are ready.
    Ready,
    /// How many came.
    Added,
    /// How many went.
    Removed,
    /// A metric's value.
    Value,
    /// A command's exit code.
    Exit,
}

/// How a number is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison<T> {
    /// With one.
    With(Operator, T),
    /// It lies between two, both included.
    Range(T, T),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// A number that is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A number; never infinite, never NaN.
    Number(f64),
    /// One that was seen earlier, or that the environment has.
    Reference(Reference),
}

/// A value that is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text, a number, `true`, `false` or `null`.
    Json(serde_json::Value),
    /// One that was seen earlier, or that the environment has.
    Reference(Reference),
}

/// What becomes of an attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// It connects.
    Open,
    /// It is refused.
    Refused,
    /// Nothing comes back.
    Timeout,
    /// The network says that there is no way.
    Unreachable,
}

impl Predicate {
    /// The word that it begins with.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Json(..) => "json",
            Self::Header(..) => "header",
            Self::Elapsed(_) => "elapsed",
            Self::Text(TextTest::HasAny(_)) => "has-any",
            Self::Text(TextTest::HasNone(_)) => "has-none",
            Self::Text(_) => "text",
            Self::Measure(measure, _) => measure.word(),
            Self::Reach(reach) => reach.first().map_or("open", |reach| reach.word()),
            Self::Up => "up",
            Self::Down => "down",
            Self::Exists => "exists",
            Self::Absent => "absent",
            Self::Applied => "applied",
            Self::Undone => "undone",
        }
    }

    /// Whether it can be held against such a result.
    #[must_use]
    pub fn fits(&self, outcome: Outcome) -> bool {
        use Outcome as O;
        match self {
            Self::Status(_) => matches!(outcome, O::Answer | O::Messages),
            Self::Header(..) => outcome == O::Answer,
            Self::Json(..) => matches!(outcome, O::Answer | O::Messages | O::Object | O::Command),
            Self::Elapsed(_) => {
                matches!(
                    outcome,
                    O::Answer | O::Messages | O::Connection | O::Health | O::Command | O::Restored
                )
            }
            Self::Text(_) => matches!(outcome, O::Answer | O::Log | O::Command),
            Self::Measure(Measure::Rows, _) => outcome == O::Messages,
            Self::Measure(Measure::Count, _) => {
                matches!(outcome, O::Count | O::Pods | O::Messages | O::Log)
            }
            Self::Measure(Measure::Ready, _) => outcome == O::Pods,
            Self::Measure(Measure::Added | Measure::Removed, _) => outcome == O::Difference,
            Self::Measure(Measure::Value, _) => outcome == O::Metric,
            Self::Measure(Measure::Exit, _) => outcome == O::Command,
            Self::Reach(_) => outcome == O::Connection,
            Self::Up | Self::Down => outcome == O::Health,
            Self::Exists => matches!(outcome, O::Object | O::Metric),
            Self::Absent => matches!(outcome, O::Object | O::Metric),
            Self::Applied => outcome == O::Fault,
            Self::Undone => outcome == O::Restored,
        }
    }
}

impl Outcome {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Answer,
        Self::Messages,
        Self::Connection,
        Self::Health,
        Self::Count,
        Self::Pods,
        Self::Difference,
        Self::Object,
        Self::Log,
        Self::Metric,
        Self::Command,
        Self::Fault,
        Self::Restored,
    ];

    /// What it is, for messages.
    #[must_use]
    pub fn description(self) -> Message {
        match self {
            Self::Answer => message!(the_answer),
            Self::Messages => message!(messages),
            Self::Connection => message!(a_connection),
            Self::Health => message!(health),
            Self::Count => message!(a_number),
            Self::Pods => message!(pods),
            Self::Difference => message!(difference),
            Self::Object => message!(one_object),
            Self::Log => message!(log_lines),
            Self::Metric => message!(a_metric),
            Self::Command => message!(output),
            Self::Fault => message!(a_fault),
            Self::Restored => message!(end_of_fault),
        }
    }

    /// The predicates that can be held against it.
    #[must_use]
    pub fn predicates(self) -> &'static [&'static str] {
        match self {
            Self::Answer => &["status", "json", "header", "elapsed", "text", "has-any", "has-none"],
            Self::Messages => &["status", "rows", "count", "json", "elapsed"],
            Self::Connection => &["open", "refused", "timeout", "unreachable", "elapsed"],
            Self::Health => &["up", "down", "elapsed"],
            Self::Count => &["count"],
            Self::Pods => &["count", "ready"],
            Self::Difference => &["added", "removed"],
            Self::Object => &["exists", "absent", "json"],
            Self::Log => &["text", "has-any", "has-none", "count"],
            Self::Metric => &["value", "exists", "absent"],
            Self::Command => &["exit", "text", "has-any", "has-none", "json", "elapsed"],
            Self::Fault => &["applied"],
            Self::Restored => &["undone", "elapsed"],
        }
    }
}

impl StatusCode {
    /// Whether it is one that says that a request was served.
    #[must_use]
    pub fn is_success(self) -> bool {
        match self {
            Self::Exact(code) => (200..300).contains(&code),
            Self::Class(class) => class == 2,
        }
    }
}

impl Measure {
    pub(super) const ALL: &[Self] =
        &[Self::Rows, Self::Count, Self::Ready, Self::Added, Self::Removed, Self::Value, Self::Exit];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Count => "count",
            Self::Ready => "ready",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Value => "value",
            Self::Exit => "exit",
        }
    }
}

impl Reach {
    pub(super) const ALL: &[Self] = &[Self::Open, Self::Refused, Self::Timeout, Self::Unreachable];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Operator {
    pub(super) const ALL: &[Self] =
        &[Self::Equal, Self::Unequal, Self::Less, Self::AtMost, Self::More, Self::AtLeast];

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(codes) => {
                formatter.write_str("status")?;
                codes.iter().try_for_each(|code| write!(formatter, " {code}"))
            }
            Self::Json(path, test) => write!(formatter, "json {path} {test}"),
            Self::Header(name, test) => write!(formatter, "header {name} {test}"),
            Self::Elapsed(Comparison::With(operator, time)) => {
                write!(formatter, "elapsed {} {}", operator.sign(), Units(*time))
            }
            Self::Elapsed(Comparison::Range(from, to)) => {
                write!(formatter, "elapsed {}..{}", Units(*from), Units(*to))
            }
            Self::Text(test @ (TextTest::HasAny(_) | TextTest::HasNone(_))) => test.fmt(formatter),
            Self::Text(test) => write!(formatter, "text {test}"),
            Self::Measure(measure, comparison) => write!(formatter, "{} {comparison}", measure.word()),
            Self::Reach(reach) => {
                let words: Vec<_> = reach.iter().map(|reach| reach.word()).collect();
                formatter.write_str(&words.join(" "))
            }
            Self::Up | Self::Down | Self::Exists | Self::Absent | Self::Applied | Self::Undone => {
                formatter.write_str(self.word())
            }
        }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(code) => code.fmt(formatter),
            Self::Class(class) => write!(formatter, "{class}xx"),
        }
    }
}

impl fmt::Display for ValueTest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => formatter.write_str("exists"),
            Self::Absent => formatter.write_str("absent"),
            Self::Is(value) => write!(formatter, "= {value}"),
            Self::IsNot(value) => write!(formatter, "!= {value}"),
            Self::Compare(comparison) => comparison.fmt(formatter),
            Self::Text(test) => test.fmt(formatter),
            Self::Count(comparison) => write!(formatter, "count {comparison}"),
        }
    }
}

impl fmt::Display for TextTest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, texts) = match self {
            Self::Contains(texts) => ("contains", texts.as_slice()),
            Self::HasAny(texts) => ("has-any", texts.as_slice()),
            Self::HasNone(texts) => ("has-none", texts.as_slice()),
            Self::Matches(regex) => ("matches", std::slice::from_ref(regex)),
        };
        formatter.write_str(word)?;
        texts.iter().try_for_each(|text| write!(formatter, " {}", quoted(text)))
    }
}

impl<T: fmt::Display> fmt::Display for Comparison<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::With(operator, operand) => write!(formatter, "{} {operand}", operator.sign()),
            Self::Range(from, to) => write!(formatter, "{from}..{to}"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Reference(reference) => reference.fmt(formatter),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(serde_json::Value::String(text)) => formatter.write_str(&quoted(text)),
            Self::Json(value) => value.fmt(formatter),
            Self::Reference(reference) => reference.fmt(formatter),
        }
    }
}
