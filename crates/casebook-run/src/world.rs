//! What a case knows while it runs: its environment, its test data, and all that was seen so far.

use std::collections::BTreeMap;

use casebook_ticket::language::{Datum, Reference, Since, StepId, Template, TemplatePart, Variable};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::environment::{Environment, Logs, Process, Target};
use crate::names::Names;
use crate::network::Network;
use crate::processes::{self, ProcessId};

/// What a case knows while it runs.
#[derive(Debug)]
pub struct World<'a> {
    /// Where it runs.
    pub environment: &'a Environment,
    /// How this program is told to probe something in another network: program and arguments.
    pub prober: &'a [String],
    data: &'a [Datum],
    /// What was seen, and the environment's values.
    pub names: Names,
    /// The run's beginning first, then each step's.
    marks: Vec<(Option<StepId>, Mark)>,
}

/// What there was when a step began.
#[derive(Clone, Debug)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// How long each log file was, by target.
    lengths: BTreeMap<String, u64>,
    /// Which process each target was.
    processes: BTreeMap<String, ProcessId>,
}

impl<'a> World<'a> {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(environment: &'a Environment, prober: &'a [String], data: &'a [Datum]) -> Self {
        let marks = vec![(None, Mark::now(environment))];
        Self { environment, prober, data, names: Names::new(environment.values.clone()), marks }
    }

    /// A step begins: what comes from now on can be told from what was.
    pub fn begin(&mut self, step: Option<&StepId>) {
        if let Some(step) = step {
            self.marks.push((Some(step.clone()), Mark::now(self.environment)));
        }
    }

    /// What there was then.
    ///
    /// # Errors
    ///
    /// A sentence, when no such step has begun.
    pub fn mark(&self, since: &Since) -> Result<&Mark, String> {
        let found = match since {
            Since::Start => self.marks.first(),
            Since::Step(step) => self.marks.iter().find(|(known, _)| known.as_ref() == Some(step)),
        };
        found.map(|(_, mark)| mark).ok_or_else(|| format!("{since} has not begun"))
    }

    /// The target of a name.
    ///
    /// # Errors
    ///
    /// A sentence, when the environment has none.
    pub fn target(&self, name: &Variable) -> Result<&'a Target, String> {
        let target = self.environment.targets.get(name.name());
        target.ok_or_else(|| format!("the environment \"{}\" has no target {name}", self.environment.name))
    }

    /// The process that a target is now.
    #[must_use]
    pub fn process(&self, target: &Target) -> Option<ProcessId> {
        process_of(target)
    }

    /// The network that a target sees.
    ///
    /// # Errors
    ///
    /// A sentence, when it has no process here or that is gone.
    pub fn network(&self, from: &Variable) -> Result<Network, String> {
        let target = self.target(from)?;
        if target.process.is_none() {
            return Err(format!("where {from} stands is not known: the environment names no process of it"));
        }
        let process = process_of(target).ok_or_else(|| format!("the process of {from} is not there"))?;
        Network::of_process(process).ok_or_else(|| format!("the network of {from} cannot be seen"))
    }

    /// The value that a name stands for: part of a result, of the environment's values, or a target's URL.
    #[must_use]
    pub fn resolve(&self, reference: &Reference) -> Option<Json> {
        let of_target = || {
            let url = self.environment.targets.get(reference.name.name())?.url.as_ref()?;
            reference.path.is_empty().then(|| json!(url.trim_end_matches('/')))
        };
        self.names.resolve(reference).or_else(of_target)
    }

    /// A text with its names replaced by what they stand for.
    ///
    /// # Errors
    ///
    /// A sentence, when one has no value.
    pub fn fill(&self, template: &Template) -> Result<String, String> {
        let mut out = String::new();
        for piece in &template.0 {
            match piece {
                TemplatePart::Text(text) => out.push_str(text),
                TemplatePart::Reference(reference) => match self.value(reference)? {
                    Json::String(text) => out.push_str(&text),
                    other => out.push_str(&other.to_string()),
                },
            }
        }
        Ok(out)
    }

    /// Test data as it is sent: in JSON, strings that are nothing but a name are replaced by its value.
    ///
    /// # Errors
    ///
    /// A sentence, when there is none of that name, or a name in it has no value.
    pub fn data(&self, name: &str) -> Result<String, String> {
        let datum = self.data.iter().find(|datum| datum.name.name() == name);
        let datum = datum.ok_or_else(|| format!("the ticket has no test data @{name}"))?;
        if datum.references.is_empty() {
            return Ok(datum.text.clone());
        }
        let mut value: Json =
            serde_json::from_str(&datum.text).map_err(|error| format!("@{name}: {error}"))?;
        for reference in &datum.references {
            replace(&mut value, &reference.to_string(), &self.value(reference)?);
        }
        Ok(value.to_string())
    }

    fn value(&self, reference: &Reference) -> Result<Json, String> {
        self.resolve(reference).ok_or_else(|| format!("{reference} has no value"))
    }
}

impl Mark {
    fn now(environment: &Environment) -> Self {
        let (mut lengths, mut processes) = (BTreeMap::new(), BTreeMap::new());
        for (name, target) in &environment.targets {
            if let Some(Logs::File(file)) = &target.logs {
                lengths.insert(name.clone(), std::fs::metadata(file).map_or(0, |file| file.len()));
            }
            processes.extend(process_of(target).map(|process| (name.clone(), process)));
        }
        Self { at: Timestamp::now(), lengths, processes }
    }

    /// How long a target's log file was, in bytes.
    #[must_use]
    pub fn length(&self, target: &Variable) -> u64 {
        self.lengths.get(target.name()).copied().unwrap_or(0)
    }

    /// Which process a target was.
    #[must_use]
    pub fn process(&self, target: &Variable) -> Option<ProcessId> {
        self.processes.get(target.name()).copied()
    }
}

fn process_of(target: &Target) -> Option<ProcessId> {
    match target.process.as_ref()? {
        Process::Pid(pid) => ProcessId::of(*pid),
        Process::PidFile(file) => processes::in_file(file),
    }
}

fn replace(value: &mut Json, wanted: &str, with: &Json) {
    match value {
        Json::String(text) if text == wanted => *value = with.clone(),
        Json::Array(elements) => {
            for element in elements {
                replace(element, wanted, with);
            }
        }
        Json::Object(fields) => {
            for field in fields.values_mut() {
                replace(field, wanted, with);
            }
        }
        _ => {}
    }
}
