//! Requests that make something are sent by the run's watchdog: it outlives the run, so that what they made is written
//! down also when nobody waits for their answers any more.
//!
//! Run and watchdog talk over a pipe, a line of JSON each way.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use casebook_ticket::At;
use casebook_ticket::language::{Action, Reference, Variable, parse_statement};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::fault::{Injection, Made, NOT_FOUND};
use crate::journal::{Intended, Journal};
use crate::names::Names;
use crate::request::{Request, Sent};
use crate::{Fault, FaultState, Observation};

/// The watchdog answers so long after the request's own deadline at the latest.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A request that makes something.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Errand {
    /// What journal lines call it.
    pub(crate) number: u32,
    /// The case that wants it.
    pub(crate) case: String,
    /// The number of the step.
    pub(crate) step: String,
    /// In words.
    pub(crate) fault: Fault,
    /// What is sent.
    pub(crate) request: Request,
    /// How what it makes is undone.
    pub(crate) undoing: Undoing,
}

/// The request that undoes, as far as it is known before there is an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Undoing {
    /// As the ticket has it.
    pub(crate) statement: String,
    /// What it calls the answer.
    pub(crate) answer: Option<String>,
    /// What its other names stand for.
    pub(crate) values: BTreeMap<String, Json>,
    /// What is sent with it.
    pub(crate) body: Option<String>,
    /// When it is given up, in milliseconds.
    pub(crate) deadline: u64,
}

impl Undoing {
    /// All of it; without an answer when it needs none.
    fn filled(&self, answer: Option<&Observation>) -> Option<Request> {
        let mut names = Names::default();
        if let Some((name, answer)) = self.answer.as_deref().and_then(Variable::new).zip(answer) {
            names.capture(&name, answer.clone());
        }
        self.with(&|reference| names.resolve(reference))
    }

    /// As much of it as can be told to a person without the answer.
    fn in_short(&self) -> String {
        let known = self.with(&|reference| Some(Json::from(reference.to_string())));
        let answer = self.answer.as_ref().map(|name| format!(", in which ${name} is its answer"));
        known.map(|request| request.in_short() + &answer.unwrap_or_default()).unwrap_or_default()
    }

    fn with(&self, other: &dyn Fn(&Reference) -> Option<Json>) -> Option<Request> {
        let statement = parse_statement(&self.statement, At::default()).ok()?;
        let Action::Http(request) = &statement.action else { return None };
        let resolve = |reference: &Reference| {
            self.values.get(&reference.to_string()).cloned().or_else(|| other(reference))
        };
        let deadline = Duration::from_millis(self.deadline);
        Request::filled(request, self.body.clone(), deadline, &resolve).ok()
    }
}

/// The run's side: one errand after the other.
#[derive(Clone)]
pub struct Courier(Arc<Mutex<Option<Pipe>>>);

struct Pipe {
    output: Box<dyn AsyncWrite + Send + Unpin>,
    input: Box<dyn AsyncBufRead + Send + Unpin>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Courier")
    }
}

impl Courier {
    /// Talks to whoever [`serve`]s at the other end.
    pub fn new(
        output: impl AsyncWrite + Send + Unpin + 'static,
        input: impl AsyncBufRead + Send + Unpin + 'static,
    ) -> Self {
        Self(Arc::new(Mutex::new(Some(Pipe { output: Box::new(output), input: Box::new(input) }))))
    }

    /// When nothing is under way: also what nobody waited for is written down then.
    pub async fn idle(&self) {
        drop(self.0.lock().await);
    }

    /// What came of an errand. Whoever stops waiting for it does not stop it.
    async fn send(&self, errand: Errand) -> Result<Observation, String> {
        let mut held = Arc::clone(&self.0).lock_owned().await;
        let sent = tokio::spawn(async move {
            // One that did not answer in time may do so later, when something else is asked: it is asked no more.
            let mut pipe = held.take().ok_or(io::ErrorKind::NotConnected)?;
            let within = errand.request.deadline().saturating_add(ANSWERS_WITHIN);
            let answer = timeout(within, pipe.ask(&errand)).await.map_err(|_| io::ErrorKind::TimedOut)??;
            *held = Some(pipe);
            Ok(answer)
        });
        let broken =
            |error: io::Error| Err(format!("the watchdog, which sends what makes something: {error}"));
        sent.await.map_err(io::Error::from).flatten().unwrap_or_else(broken)
    }
}

impl Pipe {
    async fn ask(&mut self, errand: &Errand) -> io::Result<Result<Observation, String>> {
        let mut line = serde_json::to_string(errand)?;
        line.push('\n');
        self.output.write_all(line.as_bytes()).await?;
        self.output.flush().await?;
        line.clear();
        if self.input.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

/// What a run needs so that its requests may make something.
#[derive(Clone, Debug)]
pub struct Making {
    /// By whom they are sent.
    pub courier: Courier,
    /// Where the numbers of the journal's entries come from.
    pub numbers: Arc<AtomicU32>,
    /// The case.
    pub case: String,
    /// The number of its step that is under way.
    pub step: String,
}

impl Making {
    pub(crate) async fn send(
        &self,
        errand: impl FnOnce(u32, String, String) -> Errand,
    ) -> Result<Observation, String> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        self.courier.send(errand(number, self.case.clone(), self.step.clone())).await
    }
}

/// The watchdog's side: does errands until the run has ended. One may be under way then, which goes on.
///
/// # Errors
///
/// When the pipe breaks.
pub async fn serve(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
    journal: &Path,
) -> io::Result<Option<JoinHandle<()>>> {
    let mut input = BufReader::new(input);
    let mut line = String::new();
    loop {
        line.clear();
        // What was cut off was not sent to the end, and asks for nothing.
        if input.read_line(&mut line).await? == 0 || !line.ends_with('\n') {
            return Ok(None);
        }
        let (sender, mut told) = oneshot::channel();
        let (text, path) = (line.clone(), journal.to_owned());
        let errand = tokio::spawn(async move {
            let told = match serde_json::from_str(&text) {
                Ok(errand) => carry_out(&errand, &path).await,
                Err(error) => Err(error.to_string()),
            };
            // The run may have ended meanwhile.
            drop(sender.send(told));
        });
        let told = tokio::select! {
            told = &mut told => told,
            // The run asks for nothing else as long as it waits: it can only have ended.
            is_over = over(&mut input) => {
                if is_over {
                    return Ok(Some(errand));
                }
                told.await
            }
        };
        let told = told.unwrap_or_else(|_| Err("it has failed".to_owned()));
        let told = serde_json::to_string(&told)? + "\n";
        // The run may have ended meanwhile; the next look at the input tells.
        drop(output.write_all(told.as_bytes()).await);
        drop(output.flush().await);
    }
}

/// Whether there is nothing more to read, as soon as that can be told.
async fn over(input: &mut (impl AsyncBufRead + Unpin)) -> bool {
    input.fill_buf().await.is_ok_and(<[u8]>::is_empty)
}

async fn carry_out(errand: &Errand, journal: &Path) -> Result<Observation, String> {
    let unwritten = |error: io::Error| format!("the journal cannot be written: {error}");
    let intended = |undo, unseen| Intended {
        case: errand.case.clone(),
        step: errand.step.clone(),
        fault: errand.fault.clone(),
        injection: Injection::Made(Made { undo, by_hand: errand.undoing.in_short(), unseen }),
    };
    let mut journal = Journal::reopen(journal).map_err(unwritten)?;
    let early = errand.undoing.filled(None);
    journal.write(errand.number, FaultState::Intended, Some(intended(early, false))).map_err(unwritten)?;
    let sent = errand.request.send().await;
    let written = match sent.as_ref().map_or(What::Nothing, |sent| made(sent, &errand.undoing)) {
        What::Nothing => journal.note(errand.number, FaultState::Verified),
        What::Undone(undo) => {
            let mut applied = |undo, unseen| {
                journal.write(errand.number, FaultState::Applied, Some(intended(Some(undo), unseen)))
            };
            let written = applied(undo.clone(), false);
            let is_made = sent.as_ref().is_ok_and(|sent| matches!(sent.seen.status, Some(200..300)));
            match written {
                Ok(()) if is_made && undo.look().await == Some(NOT_FOUND) => applied(undo, true),
                written => written,
            }
        }
        What::NotKnown => Ok(()),
    };
    written.map_err(unwritten)?;
    Ok(sent?.seen)
}

/// What a request made.
enum What {
    Nothing,
    Undone(Request),
    NotKnown,
}

fn made(sent: &Sent, undoing: &Undoing) -> What {
    if !sent.may_have_arrived {
        return What::Nothing;
    }
    match (sent.seen.status, undoing.filled(Some(&sent.seen))) {
        // Whoever refuses a request as wrong makes nothing; what is there already is somebody else's.
        (Some(400..500), _) | (Some(500..), None) => What::Nothing,
        (_, Some(undo)) => What::Undone(undo),
        (_, None) => What::NotKnown,
    }
}
