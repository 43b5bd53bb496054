//! `focus view`: a picture of a stretch of fibre, from any server, through its public interface only.

mod args;
mod arrays;
mod connect;
mod job;
mod join;
mod json;
mod output;
mod painting;
mod prodml;
mod request;
mod rows;
mod server;

use std::{io::Write as _, path::PathBuf, pin::pin, time::Duration};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::cli::Exit;
use crate::signals::until_interrupted;
use arrays::Arrays;
use job::Job;
use json::JsonLines;
use output::{Format, write_whole};
use painting::Painting;
use prodml::Processed;
use request::Span;
use rows::Rows;
use server::Server;

pub(crate) use args::{EXAMPLES, ViewArgs};

/// Shows what was asked for. The job that it needs is removed again whatever way this ends.
///
/// # Errors
/// When the server cannot be reached, refuses the view or breaks its contract; when the picture cannot be
/// written.
pub(crate) async fn run(args: ViewArgs) -> anyhow::Result<Exit> {
    args.check()?;
    let server = Server::new(&args.at)?;
    let mut interrupted = pin!(until_interrupted()?);
    let mut asking = tokio::spawn(ask(server.clone(), args.clone()));
    // A job that has been asked for must become known even to somebody who has lost interest: who else
    // would remove it?
    let (asked, lost_interest) = tokio::select! {
        asked = &mut asking => (asked, false),
        () = &mut interrupted => (asking.await, true),
    };
    let (job, span) = match asked? {
        Err(_) if lost_interest => return Ok(Exit::Interrupted),
        asked => asked?,
    };
    if lost_interest {
        server.delete(&job.id).await?;
        return Ok(Exit::Interrupted);
    }
    let shown = tokio::select! {
        shown = show(&job, &span, &args) => shown.map(|()| Exit::Success),
        () = &mut interrupted => Ok(Exit::Interrupted),
    };
    let removed = server.delete(&job.id).await;
    let exit = shown?;
    removed?;
    Ok(exit)
}

async fn ask(server: Server, args: ViewArgs) -> anyhow::Result<(Job, Span)> {
    let now = Timestamp::now();
    let span = if args.last { server.newest_recording(now).await? } else { args.span() };
    let highest = match (args.needs_highest_channel(), span) {
        (false, _) => 1,
        (true, Span::Live { .. }) => server.highest_channel().await?,
        (true, Span::Historic { .. }) => server.recorded_channels(&request::body(&args, &span, 1)).await?,
    };
    let job = server.configure(&request::body(&args, &span, highest)).await?;
    let recorded = job.metadata.recorded.as_ref().filter(|_| !span.is_live());
    if let Some(note) = recorded.and_then(|recorded| recorded.note.as_ref()) {
        anstream::eprintln!("{note}");
    }
    Ok((job, span))
}

async fn show(job: &Job, span: &Span, args: &ViewArgs) -> anyhow::Result<()> {
    let progress = progress_bar(span.rows(job.lines_dt) as u64);
    let waiting = || progress.suspend(|| anstream::eprintln!("waiting for the job to start"));
    let mut rows = Rows::open(job, waiting).await?;
    let mut sink = Sink::new(job, span, args)?;
    let mut first_time = None;
    while let Some(row) = rows.next().await? {
        let seconds = (row.time_ms - *first_time.get_or_insert(row.time_ms)) as f64 / 1e3;
        if !sink.take(&row)? {
            break;
        }
        progress.set_position((seconds / job.lines_dt) as u64 + 1);
        if span.is_live() && seconds + job.lines_dt * 1.5 > span.seconds() {
            break;
        }
    }
    progress.finish_and_clear();
    anyhow::ensure!(first_time.is_some(), "the server sent no rows: is there a recording in this time?");
    sink.finish(job, args)
}

/// Where rows go.
enum Sink {
    Json(JsonLines),
    Arrays(Arrays),
    Processed(Box<Processed>),
    Picture(Box<Painting>),
}

impl Sink {
    fn new(job: &Job, span: &Span, args: &ViewArgs) -> anyhow::Result<Self> {
        if args.json {
            return Ok(Self::Json(JsonLines::new(job, args.channel)));
        }
        Ok(match args.format() {
            Format::Png => Self::Picture(Box::new(Painting::new(job, args, span)?)),
            Format::Npz => Self::Arrays(Arrays::new(job, args.channel)?),
            Format::Prodml => Self::Processed(Box::new(Processed::new(job, args, span, path(job, args))?)),
        })
    }

    /// `false` when nobody wants more.
    fn take(&mut self, row: &join::Row) -> anyhow::Result<bool> {
        match self {
            Self::Json(lines) => return Ok(lines.write(row)?),
            Self::Arrays(arrays) => arrays.add(row).context("cannot write a temporary file")?,
            Self::Processed(file) => file.add(row)?,
            Self::Picture(painting) => painting.add(row),
        }
        Ok(true)
    }

    fn finish(self, job: &Job, args: &ViewArgs) -> anyhow::Result<()> {
        let path = path(job, args);
        let unwritable = || format!("cannot write {}", path.display());
        match self {
            Self::Json(_) => return Ok(()),
            Self::Arrays(arrays) => arrays.finish(job, &path).with_context(unwritable)?,
            Self::Processed(file) => file.finish().with_context(unwritable)?,
            Self::Picture(painting) => {
                let png = painting.into_png(args)?;
                write_whole(&path, &png).with_context(unwritable)?;
            }
        }
        writeln!(std::io::stdout(), "{}", path.display())?;
        Ok(())
    }
}

/// What is written.
fn path(job: &Job, args: &ViewArgs) -> PathBuf {
    args.output.clone().unwrap_or_else(|| format!("focus-{}.png", job.id).into())
}

/// On a terminal only.
fn progress_bar(rows: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40.cyan/blue} {pos}/{len} rows  {elapsed} elapsed, {eta} to go")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(rows).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
