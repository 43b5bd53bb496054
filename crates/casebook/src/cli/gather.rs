//! Reads and audits all that was named.

use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, Result};
use casebook::audit::{Context, Repository, audit};
use casebook::collection::Collection;
use casebook::comparison::Comparison;
use casebook::report::{In, Material};
use casebook_ticket::{Found, NoTest, Note, ReadError, Source, Standard, Ticket, formats};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::sources::{Input, inputs};
use super::{AuditingArgs, InputArgs};

/// Fewer files are done before anybody could read a bar.
const MANY: usize = 20;

/// What was audited, and the standard that it was held to.
pub(super) struct Gathered {
    pub(super) standard: Standard,
    pub(super) material: Material,
}

/// Reads and audits.
///
/// # Errors
///
/// When a path is not there, or the standard or the repository cannot be used. Files that cannot be read as tickets are no
/// error here: they are among the material.
pub(super) fn gather(args: &AuditingArgs) -> Result<Gathered> {
    let standard = args.input.standard.load()?;
    let repository = args.repo.as_deref().map(|root| {
        Repository::open(root)
            .with_context(|| format!("cannot read the repository {}; name its root", root.display()))
    });
    let context = Context { repository: repository.transpose()? };
    let inputs = inputs(&args.input.paths)?;
    let mut material = Material::default();
    let mut comparison = Comparison::default();
    let mut audits = Vec::new();
    let bar = bar(inputs.len());
    for input in &inputs {
        let mut reading = Reading { name: input.name(), material: &mut material };
        let read = reading.each(input, &args.input, &standard, &mut |ticket| {
            comparison.add(&ticket);
            audits.push(audit(&ticket, &standard, &context));
        });
        if let Err(error) = read {
            material.unreadable.push(error);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let pairs = comparison.finish(&mut audits, &standard);
    let mut collection = Collection::new();
    for audit in &audits {
        collection.add(audit);
    }
    material.audits = audits;
    material.summary = collection.finish(pairs);
    Ok(Gathered { standard, material })
}

/// The tickets of all that was named, without any audit.
///
/// # Errors
///
/// When something cannot be read, or holds no ticket.
pub(super) fn tickets(args: &InputArgs, standard: &Standard) -> Result<(Vec<Ticket>, Material)> {
    let mut material = Material::default();
    let mut tickets = Vec::new();
    for input in inputs(&args.paths)? {
        let mut reading = Reading { name: input.name(), material: &mut material };
        reading.each(&input, args, standard, &mut |ticket| tickets.push(*ticket))?;
    }
    Ok((tickets, material))
}

/// One input on its way to tickets.
struct Reading<'a> {
    name: String,
    /// Takes what is no ticket.
    material: &'a mut Material,
}

impl Reading<'_> {
    fn each(
        &mut self,
        input: &Input,
        args: &InputArgs,
        standard: &Standard,
        each: &mut dyn FnMut(Box<Ticket>),
    ) -> Result<(), ReadError> {
        let bytes = input.read().map_err(|error| ReadError::of_file(&self.name, &error))?;
        let source = Source { name: &self.name, bytes: &bytes, format: args.format };
        let material = &mut *self.material;
        formats::read_each(source, standard, &mut |found| match found {
            Found::Ticket(ticket) => each(ticket),
            Found::NoTest(found) => material.refused.push(In::<NoTest> { file: self.name.clone(), found }),
            Found::Note(found) => material.notes.push(In::<Note> { file: self.name.clone(), found }),
        })
    }
}

fn bar(files: usize) -> ProgressBar {
    let is_seen = files >= MANY && io::stderr().is_terminal();
    let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(files as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files") {
        bar.set_style(style);
    }
    bar
}
