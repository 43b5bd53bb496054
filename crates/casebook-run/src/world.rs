//! What a case knows while it runs: its environment, its test data, and all that was seen so far.

use std::collections::BTreeMap;

use casebook_ticket::language::{Action, Datum, Http, Reference, Since, StepId, Template, Variable};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::courier::{Errand, Making, Undoing};
use crate::environment::{Environment, Logs, Target};
use crate::kubernetes::pods::Restarts;
use crate::log_file::LogFile;
use crate::names::{Names, fill};
use crate::network::Network;
use crate::perform::k8s::restarts_now;
use crate::processes::ProcessId;
use crate::request::Request;
use crate::{Fault, Observation, Outcome};

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
    /// How requests that make something are sent; none where nothing may be made.
    pub making: Option<Making>,
    /// The run's beginning first, then each step's.
    marks: Vec<(Option<StepId>, Mark)>,
}

/// What there was when a step began.
#[derive(Clone, Debug)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// Each log file that was there, by target.
    logs: BTreeMap<String, LogFile>,
    /// Which process each target was.
    processes: BTreeMap<String, ProcessId>,
    /// How often the containers of targets on a cluster had been started again, where that was looked at.
    restarts: BTreeMap<String, Result<Restarts, String>>,
    /// The same of those whose logs are read.
    logging: BTreeMap<String, Result<Restarts, String>>,
}

impl<'a> World<'a> {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(environment: &'a Environment, prober: &'a [String], data: &'a [Datum]) -> Self {
        let marks = vec![(None, Mark::now(environment))];
        Self { environment, prober, data, names: Names::new(environment.values.clone()), making: None, marks }
    }

    /// A step begins: what comes from now on can be told from what was.
    pub fn begin(&mut self, step: Option<&StepId>) {
        if let Some(step) = step {
            self.marks.push((Some(step.clone()), Mark::now(self.environment)));
        }
    }

    /// Looks at the pods of targets, so that what becomes of them later can be told from what there is now.
    pub async fn note_pods(&mut self, of: &[&Variable]) {
        for name in of {
            let Some(target) = self.environment.targets.get(name.name()) else { continue };
            let mut restarts = None;
            if let Some(workload) = &target.kubernetes {
                restarts = Some(restarts_now(workload, self).await);
            }
            let mut logging = None;
            if let Some(Logs::Kubernetes(workload)) = &target.logs {
                let now = restarts_now(workload, self).await;
                // Those of earlier are no fewer: it may be Kubernetes that is broken now.
                let earlier = || {
                    self.marks.iter().rev().find_map(|(_, mark)| mark.logging.get(name.name())?.as_ref().ok())
                };
                logging = Some(now.or_else(|error| earlier().cloned().ok_or(error)));
            }
            if let Some((_, mark)) = self.marks.last_mut() {
                let name = || name.name().to_owned();
                mark.restarts.extend(restarts.map(|restarts| (name(), restarts)));
                mark.logging.extend(logging.map(|logging| (name(), logging)));
            }
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
        let process = target.running().ok_or_else(|| format!("the process of {from} is not there"))?;
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
        fill(template, &|reference| self.resolve(reference))
    }

    /// Sends a request that makes something; `name` is what its answer is called in the request that undoes it.
    ///
    /// # Errors
    ///
    /// A sentence, when it cannot be sent, or nothing may be made here.
    pub(crate) async fn make(
        &self,
        fault: Fault,
        request: Request,
        undo: &Http,
        name: Option<&Variable>,
    ) -> Result<Observation, String> {
        let making = self.making.as_ref().ok_or("what it makes could not be undone here")?;
        let references =
            undo.target.references().chain(undo.headers.iter().flat_map(|(_, it)| it.references()));
        let known = references.filter(|reference| Some(&reference.name) != name);
        let values: Result<_, String> =
            known.map(|reference| Ok((reference.to_string(), self.value(reference)?))).collect();
        let undoing = Undoing {
            statement: Action::Http(undo.clone()).to_string(),
            answer: name.map(|name| name.name().to_owned()),
            values: values?,
            body: undo.data.as_ref().map(|data| self.data(data.name())).transpose()?,
            deadline: undo.deadline.unwrap_or(self.environment.deadline).as_millis() as u64,
        };
        making.send(|number, case, step| Errand { number, case, step, fault, request, undoing }).await
    }

    /// A snapshot that was taken.
    ///
    /// # Errors
    ///
    /// A sentence, when it was not, or could not be.
    pub(crate) fn snapshot(&self, name: &Variable) -> Result<&Observation, String> {
        let snapshot = self.names.captured(name).ok_or_else(|| format!("{name} was not taken"))?;
        match &snapshot.outcome {
            Outcome::Failed(why) => Err(format!("{name} could not be taken: {why}")),
            _ => Ok(snapshot),
        }
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
        let (mut logs, mut processes) = (BTreeMap::new(), BTreeMap::new());
        for (name, target) in &environment.targets {
            if let Some(Logs::File(file)) = &target.logs {
                logs.extend(LogFile::of(file).ok().map(|file| (name.clone(), file)));
            }
            processes.extend(target.running().map(|process| (name.clone(), process)));
        }
        Self { at: Timestamp::now(), logs, processes, restarts: BTreeMap::new(), logging: BTreeMap::new() }
    }

    /// What a target's log file was; none when there was none.
    pub(crate) fn log(&self, target: &Variable) -> Option<&LogFile> {
        self.logs.get(target.name())
    }

    /// How often a target's containers had been started again.
    ///
    /// # Errors
    ///
    /// A sentence, when that was not looked at or not to be seen.
    pub(crate) fn restarts(&self, target: &Variable) -> Result<&Restarts, String> {
        let then = self.restarts.get(target.name());
        let then =
            then.ok_or_else(|| format!("how often {target} was started again was not looked at then"))?;
        then.as_ref()
            .map_err(|error| format!("how often {target} was started again was not to be seen then: {error}"))
    }

    /// Which containers there were that log for a target; none when that was not looked at.
    ///
    /// # Errors
    ///
    /// A sentence, when that was not to be seen.
    pub(crate) fn logging(&self, target: &Variable) -> Result<Option<&Restarts>, String> {
        let then = self.logging.get(target.name()).map(Result::as_ref).transpose();
        then.map_err(|error| format!("which pods of {target} there were was not to be seen then: {error}"))
    }

    /// Which process a target was.
    #[must_use]
    pub fn process(&self, target: &Variable) -> Option<ProcessId> {
        self.processes.get(target.name()).copied()
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
