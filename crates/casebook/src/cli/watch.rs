//! `casebook lint --watch`: lints again what changes.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use notify::{RecursiveMode, Watcher as _};

use super::gather::{Gathered, gather};
use super::sources::is_ticket_file;
use super::{AuditingArgs, Exit, audit, lint, output};

/// An editor that saves changes a file several times: so long nothing must change before it is read.
const QUIET: Duration = Duration::from_millis(60);

/// What can happen.
enum Event {
    /// Files changed, appeared or vanished.
    Changed(Vec<PathBuf>),
    /// Somebody pressed Ctrl-C.
    Stop,
}

/// Lints until Ctrl-C. The exit code is that of the state in the end.
pub(super) fn run(args: &AuditingArgs) -> Result<Exit> {
    if args.input.paths.iter().any(|path| path.as_os_str() == "-") {
        bail!("standard input cannot be watched; name files or directories");
    }
    let (sender, events) = channel();
    let changes = sender.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Some(event) = event.ok().filter(|event| !event.kind.is_access()) {
            // Nobody listens any more when all ends.
            let _ = changes.send(Event::Changed(event.paths));
        }
    })
    .context("cannot watch files on this system; lint without --watch")?;
    ctrlc::set_handler(move || {
        let _ = sender.send(Event::Stop);
    })
    .context("cannot handle Ctrl-C")?;
    for path in &args.input.paths {
        watch(&mut watcher, path)?;
    }
    let mut exit = lint(args)?;
    while let Some(changed) = next(&events) {
        if changed.iter().any(|path| concerns(&args.input.paths, path)) {
            exit = match lint(args) {
                Ok(exit) => exit,
                Err(error) if output::is_broken_pipe(&error) => return Err(error),
                // A file that is being replaced may be away for a moment.
                Err(error) => {
                    super::report(&error);
                    Exit::Trouble
                }
            };
        }
    }
    Ok(exit)
}

fn watch(watcher: &mut notify::RecommendedWatcher, path: &Path) -> Result<()> {
    let unwatched = || format!("cannot watch {}", path.display());
    if path.is_dir() {
        return watcher.watch(path, RecursiveMode::Recursive).with_context(unwatched);
    }
    // Editors replace files: it is the directory that sees a file come back.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    watcher.watch(directory, RecursiveMode::NonRecursive).with_context(unwatched)
}

/// The files that changed, once nothing changes for a while; none when it is to end.
fn next(events: &Receiver<Event>) -> Option<Vec<PathBuf>> {
    let mut all = match events.recv() {
        Ok(Event::Changed(paths)) => paths,
        Ok(Event::Stop) | Err(_) => return None,
    };
    loop {
        match events.recv_timeout(QUIET) {
            Ok(Event::Changed(paths)) => all.extend(paths),
            Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => return Some(all),
        }
    }
}

/// Whether a change is one of what was named.
fn concerns(paths: &[PathBuf], changed: &Path) -> bool {
    let changed = std::path::absolute(changed).unwrap_or_else(|_| changed.to_owned());
    paths.iter().any(|path| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        // A directory that is gone or new has no ending to go by.
        let inside =
            || changed.starts_with(&absolute) && (is_ticket_file(&changed) || changed.extension().is_none());
        changed == absolute || (path.is_dir() && inside())
    })
}

fn lint(args: &AuditingArgs) -> Result<Exit> {
    let Gathered { material, .. } = gather(args)?;
    let tickets = material.audits.len();
    let findings: usize = material.audits.iter().map(|audit| audit.findings.len()).sum();
    output::write(&lint::lines(&material, args), None)?;
    lint::tell_unread(&material);
    anstream::eprintln!("tickets: {tickets}, findings: {findings}; waiting for changes, Ctrl-C ends");
    Ok(audit::exit(args, &material))
}
