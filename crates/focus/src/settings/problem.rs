use std::fmt;

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where the value came from, e.g. `focus.toml:3: jobs.max_jobs` or `FOCUS_LISTEN`.
    pub(crate) source: String,
    /// The rule that is broken, with the value that breaks it.
    pub(crate) rule: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.rule)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "\n    {}", self.remedy) }
    }
}

/// Everything that is wrong with the settings; never empty when it is an error.
#[derive(Clone, Debug, Default, thiserror::Error)]
pub(crate) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    /// Notes one.
    pub(super) fn add(
        &mut self,
        source: impl Into<String>,
        rule: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Problem { source: source.into(), rule: rule.into(), remedy: remedy.into() });
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the settings have a problem, nothing was started")?,
            count => write!(f, "the settings have {count} problems, nothing was started")?,
        }
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}
