use std::fmt;

use serde::Serialize;

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON path of the field, e.g. `$.channels.max`.
    pub path: String,
    /// The rule it breaks and what would satisfy it, one sentence.
    pub message: String,
    /// Which kind of mistake.
    #[serde(skip)]
    pub kind: FaultKind,
}

/// The two kinds of mistake that a request can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Not a request: JSON, types, missing or forbidden fields, channels that do not exist.
    Request,
    /// A request, but for a view that breaks a rule or costs too much.
    View,
}

/// Every fault of one request; never empty when it is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault of the request's form.
    pub fn request(&mut self, path: &str, message: impl Into<String>) {
        self.add(FaultKind::Request, path, message.into());
    }

    /// Notes a broken rule.
    pub fn view(&mut self, path: &str, message: impl Into<String>) {
        self.add(FaultKind::View, path, message.into());
    }

    fn add(&mut self, kind: FaultKind, path: &str, message: String) {
        self.0.push(Fault { path: path.to_owned(), message, kind });
    }

    /// All of them, in the order of the contract's fields.
    #[must_use]
    pub fn all(&self) -> &[Fault] {
        &self.0
    }

    /// The kind that decides the answer: a request whose form is wrong is that first of all.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        if self.0.iter().any(|fault| fault.kind == FaultKind::Request) {
            FaultKind::Request
        } else {
            FaultKind::View
        }
    }

    /// `Ok` with `value` when nothing is wrong, else these faults.
    ///
    /// # Errors
    /// When there is any fault.
    pub fn check<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}: {}", fault.path.trim_start_matches("$."), fault.message)?;
        }
        Ok(())
    }
}
