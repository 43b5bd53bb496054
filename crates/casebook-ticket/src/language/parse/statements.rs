//! Statements.

use std::time::Duration;

use super::super::cursor::{Cursor, Token, shown, unquoted};
use super::super::{
    Action, Effect, Fault, Grpc, Http, Mutation, PREDICATES, Probe, Protocol, Since, Statement, SyntaxError,
    Template, Undo, Units, VERBS, Variable, Wait, World,
};
use super::operands::{
    at_least_one, bare_name, clause, data, duration, keyword, number, step, target, template, variable,
};
use super::predicates::predicate;
use super::{unknown, usage};
use crate::message::message;

/// A statement with the name of its result.
pub(super) fn statement(cursor: &mut Cursor<'_>) -> Result<Statement, SyntaxError> {
    let first = cursor.peek();
    let action = action(cursor)?;
    // The position is that of the first word, as an error's would be.
    let at = first.map_or(crate::At::default(), |token| cursor.place(token));
    let capture = match cursor.peek().filter(|token| token.raw == "as") {
        Some(token) if action.outcome().is_none() && !matches!(action, Action::Snapshot(_)) => {
            return Err(cursor.fail(token, message!(no_result_to_name), message!(leave_as_out)));
        }
        Some(token) if matches!(action, Action::Mutate(_) | Action::Undo(_)) => {
            return Err(cursor.fail(token, message!(fault_has_no_name), message!(undo_names_step)));
        }
        Some(_) => clause(cursor, "as", bare_name)?,
        None if matches!(action, Action::Snapshot(_)) => {
            keyword(cursor, "as", first.map_or("k8s", |token| token.raw)).map(|()| None)?
        }
        None => None,
    };
    if let (Some(first), Some((made, undone))) = (first, elsewhere(&action, capture.as_ref())) {
        let what = message!(undone_elsewhere, made = made.to_string(), undone = undone.to_string());
        return Err(cursor.fail(first, what, message!(undo_there, made = made.to_string())));
    }
    Ok(Statement { at, action, capture })
}

/// Whom a request asks, and whom its undo, when that is neither the same nor where the answer says.
fn elsewhere<'a>(action: &'a Action, answer: Option<&Variable>) -> Option<(&'a Variable, &'a Variable)> {
    let Action::Http(request) = action.inner() else { return None };
    let whom = |request: &'a Http| request.target.references().next().map(|first| &first.name);
    let (made, undone) = (whom(request)?, whom(action.undone_by()?)?);
    (made != undone && Some(undone) != answer).then_some((made, undone))
}

fn action(cursor: &mut Cursor<'_>) -> Result<Action, SyntaxError> {
    let verb = cursor.need(message!(a_statement), message!(begin_with_verb))?;
    match verb.raw {
        "http" => {
            let request = http(cursor)?;
            Ok(Action::Http(Http { effect: effect(cursor)?, ..request }))
        }
        "grpc" => grpc(cursor).map(Action::Grpc),
        "tcp" => probe(cursor, Protocol::Tcp),
        "amqp" => probe(cursor, Protocol::Amqp),
        "mongo" if cursor.accept("count") => {
            Ok(Action::MongoCount { target: target(cursor, "mongo")?, filter: data(cursor)? })
        }
        "mongo" => probe(cursor, Protocol::Mongo),
        "k8s" => kubernetes(cursor),
        "process" => process(cursor),
        "queue" => queue(cursor),
        "logs" => {
            let of = variable(cursor, "logs")?;
            keyword(cursor, "since", "logs")?;
            Ok(Action::Logs { of, since: since(cursor, "logs")? })
        }
        "metric" => metric(cursor),
        "wait" => wait(cursor),
        "block" | "delay" | "freeze" | "stop" | "scale" | "kill" => mutation(cursor, verb.raw),
        "use" => {
            let mut names = vec![variable(cursor, "use")?];
            while cursor.peek().is_some() {
                names.push(variable(cursor, "use")?);
            }
            Ok(Action::Use(names))
        }
        "undo" if cursor.accept("all") => Ok(Action::Undo(Undo::All)),
        "undo" => {
            keyword(cursor, "step", "undo")?;
            Ok(Action::Undo(Undo::Step(step(cursor, "undo")?)))
        }
        "shell" => shell(cursor),
        raw => match raw.strip_prefix('$').and_then(Variable::new) {
            Some(name) => Ok(Action::Recall(name)),
            None => Err(unknown_verb(cursor, verb)),
        },
    }
}

fn unknown_verb(cursor: &Cursor<'_>, verb: Token<'_>) -> SyntaxError {
    if PREDICATES.iter().any(|word| word.word == verb.raw) {
        let what = message!(is_a_predicate, word = shown(verb.raw));
        return cursor.fail(verb, what, message!(predicate_into_expected));
    }
    if verb.raw.starts_with('$') {
        let what = message!(no_result_name, word = shown(verb.raw));
        return cursor.fail(verb, what, message!(write_name_alone));
    }
    let known: Vec<_> = VERBS.iter().map(|word| word.word).collect();
    unknown(cursor, verb, message!(verb), &known)
}

/// A request without what comes of it.
fn http(cursor: &mut Cursor<'_>) -> Result<Http, SyntaxError> {
    const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let method = cursor.need(message!(the_method), usage("http"))?;
    if !METHODS.contains(&method.raw) {
        return Err(unknown(cursor, method, message!(method), METHODS));
    }
    let mut http = Http {
        method: method.raw.to_owned(),
        target: target(cursor, "http")?,
        headers: Vec::new(),
        data: None,
        deadline: None,
        effect: Effect::Untold,
    };
    while cursor.accept("with") {
        http.headers.push(header(cursor)?);
    }
    http.data = data(cursor)?;
    http.deadline = clause(cursor, "deadline", duration)?;
    Ok(http)
}

/// What comes of a request.
fn effect(cursor: &mut Cursor<'_>) -> Result<Effect, SyntaxError> {
    if cursor.accept("undo") {
        let method = cursor.peek();
        let undo = http(cursor)?;
        return match method {
            Some(method) if ["GET", "HEAD", "OPTIONS"].contains(&method.raw) => Err(cursor.fail(
                method,
                message!(undoes_nothing, method = method.raw),
                message!(request_that_undoes),
            )),
            _ => Ok(Effect::Undone(Box::new(undo))),
        };
    }
    Ok(if cursor.accept("read-only") { Effect::ReadOnly } else { Effect::Untold })
}

fn header(cursor: &mut Cursor<'_>) -> Result<(String, Template), SyntaxError> {
    let remedy = message!(header_shape);
    let token = cursor.need(message!(the_header), remedy.clone())?;
    let text = unquoted(token.raw).unwrap_or_default();
    let Some((name, value)) = text.split_once(':') else {
        return Err(cursor.fail(token, message!(no_header, word = shown(token.raw)), remedy));
    };
    if !is_header(name) {
        return Err(cursor.fail(token, message!(no_header_name, word = shown(name)), remedy));
    }
    Ok((name.to_owned(), template(cursor, token, value.trim())?))
}

/// Whether a text can be a header's name.
pub(super) fn is_header(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

fn grpc(cursor: &mut Cursor<'_>) -> Result<Grpc, SyntaxError> {
    Ok(Grpc {
        target: target(cursor, "grpc")?,
        data: data(cursor)?,
        read: clause(cursor, "read", at_least_one)?,
        pace: clause(cursor, "pace", duration)?,
        deadline: clause(cursor, "deadline", duration)?,
    })
}

fn probe(cursor: &mut Cursor<'_>, protocol: Protocol) -> Result<Action, SyntaxError> {
    Ok(Action::Probe(Probe {
        protocol,
        target: target(cursor, &protocol.to_string())?,
        from: clause(cursor, "from", variable)?,
        deadline: clause(cursor, "deadline", duration)?,
    }))
}

fn kubernetes(cursor: &mut Cursor<'_>) -> Result<Action, SyntaxError> {
    const KNOWN: &[&str] = &["snapshot", "diff", "pods", "restarts", "get"];
    let what = cursor.need(message!(what_is_looked_at), usage("k8s"))?;
    match what.raw {
        "snapshot" => {
            let token = cursor.need(message!(the_kinds), usage("k8s"))?;
            let kinds: Vec<_> = token.raw.split(',').map(str::to_owned).collect();
            match kinds.iter().find(|kind| !is_kind(kind)) {
                None => Ok(Action::Snapshot(World::Kubernetes(kinds))),
                Some(kind) => {
                    Err(cursor.fail(token, message!(no_kind, word = shown(kind)), message!(kinds_shape)))
                }
            }
        }
        "diff" => diff(cursor, "k8s"),
        "pods" => Ok(Action::Pods(variable(cursor, "k8s")?)),
        "restarts" => restarts(cursor, "k8s"),
        "get" => {
            let token = cursor.need(message!(the_object), usage("k8s"))?;
            match token.raw.split_once('/') {
                Some((kind, name)) if is_kind(kind) && !name.is_empty() => {
                    Ok(Action::Get { kind: kind.to_owned(), name: template(cursor, token, name)? })
                }
                _ => {
                    let what = message!(no_object, word = shown(token.raw));
                    Err(cursor.fail(token, what, message!(object_shape)))
                }
            }
        }
        _ => Err(unknown(cursor, what, message!(part_of, word = "k8s"), KNOWN)),
    }
}

fn is_kind(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
}

fn process(cursor: &mut Cursor<'_>) -> Result<Action, SyntaxError> {
    const KNOWN: &[&str] = &["snapshot", "diff", "state", "restarts"];
    let what = cursor.need(message!(what_is_looked_at), usage("process"))?;
    match what.raw {
        "snapshot" => Ok(Action::Snapshot(World::Process(variable(cursor, "process")?))),
        "diff" => diff(cursor, "process"),
        "state" => Ok(Action::State(variable(cursor, "process")?)),
        "restarts" => restarts(cursor, "process"),
        _ => Err(unknown(cursor, what, message!(part_of, word = "process"), KNOWN)),
    }
}

fn queue(cursor: &mut Cursor<'_>) -> Result<Action, SyntaxError> {
    const KNOWN: &[&str] = &["snapshot", "diff"];
    let what = cursor.need(message!(what_is_looked_at), usage("queue"))?;
    match what.raw {
        "snapshot" => Ok(Action::Snapshot(World::Queue(variable(cursor, "queue")?))),
        "diff" => diff(cursor, "queue"),
        _ => Err(unknown(cursor, what, message!(part_of, word = "queue"), KNOWN)),
    }
}

fn diff(cursor: &mut Cursor<'_>, world: &'static str) -> Result<Action, SyntaxError> {
    Ok(Action::Diff { world, before: bare_name(cursor, world)?, hold: clause(cursor, "hold", duration)? })
}

fn restarts(cursor: &mut Cursor<'_>, world: &'static str) -> Result<Action, SyntaxError> {
    let of = variable(cursor, world)?;
    let since = clause(cursor, "since", |cursor, _| since(cursor, world))?.unwrap_or(Since::Start);
    Ok(Action::Restarts { world, of, since })
}

fn since(cursor: &mut Cursor<'_>, verb: &str) -> Result<Since, SyntaxError> {
    if cursor.accept("start") {
        return Ok(Since::Start);
    }
    keyword(cursor, "step", verb)?;
    Ok(Since::Step(step(cursor, verb)?))
}

fn metric(cursor: &mut Cursor<'_>) -> Result<Action, SyntaxError> {
    let of = variable(cursor, "metric")?;
    let token = cursor.need(message!(the_metric), usage("metric"))?;
    let (name, labels) = token.raw.split_at(token.raw.find('{').unwrap_or(token.raw.len()));
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == ':')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte));
    if is_name && (labels.is_empty() || labels.ends_with('}')) {
        return Ok(Action::Metric { of, series: token.raw.to_owned() });
    }
    Err(cursor.fail(token, message!(no_metric, word = shown(token.raw)), message!(metric_shape)))
}

fn wait(cursor: &mut Cursor<'_>) -> Result<Action, SyntaxError> {
    keyword(cursor, "until", "wait")?;
    let first = cursor.peek();
    let action = action_to_wait_for(cursor)?;
    if let (Some(first), false) = (first, action.is_observation()) {
        let what = message!(cannot_be_repeated, word = shown(first.raw));
        return Err(cursor.fail(first, what, message!(wait_for_a_look)));
    }
    let mut until = vec![predicate(cursor)?];
    while cursor.accept("and") {
        until.push(predicate(cursor)?);
    }
    keyword(cursor, "within", "wait")?;
    let within = duration(cursor, "within")?;
    let pause = cursor.peek();
    let every = clause(cursor, "every", duration)?;
    if let (Some(pause), true) = (pause, every.is_some_and(|every| every > within)) {
        return Err(cursor.fail(pause, message!(looks_once), message!(shorter_every)));
    }
    Ok(Action::Wait(Box::new(Wait { action, until, within, every })))
}

/// An action, unless it is again to wait: a hostile ticket could nest as deep as it is long.
fn action_to_wait_for(cursor: &mut Cursor<'_>) -> Result<Action, SyntaxError> {
    match cursor.peek() {
        Some(token) if token.raw == "wait" => {
            Err(cursor.fail(token, message!(wait_for_itself), usage("wait")))
        }
        _ => action(cursor),
    }
}

fn mutation(cursor: &mut Cursor<'_>, verb: &str) -> Result<Action, SyntaxError> {
    let target = variable(cursor, verb)?;
    let fault = match verb {
        "block" | "delay" => {
            keyword(cursor, "from", verb)?;
            let from = variable(cursor, verb)?;
            if verb == "block" {
                Fault::Block { target, from }
            } else {
                keyword(cursor, "by", verb)?;
                Fault::Delay { target, from, by: duration(cursor, "by")? }
            }
        }
        "freeze" => Fault::Freeze { target },
        "stop" => Fault::Stop { target },
        "scale" => {
            keyword(cursor, "to", verb)?;
            Fault::Scale { target, to: number(cursor, "to")? }
        }
        _ => Fault::Kill { target },
    };
    // Nothing else ends by itself.
    let expiry = if verb == "block" { clause(cursor, "for", seconds)? } else { None };
    Ok(Action::Mutate(Mutation { fault, expiry }))
}

/// A duration in whole seconds, which is how a kernel forgets.
fn seconds(cursor: &mut Cursor<'_>, word: &str) -> Result<Duration, SyntaxError> {
    let token = cursor.peek();
    let duration = duration(cursor, word)?;
    match token {
        Some(token) if duration.subsec_nanos() > 0 => {
            let near = Units(Duration::from_secs(duration.as_secs() + 1)).to_string();
            let what = message!(no_whole_seconds, word = shown(token.raw));
            Err(cursor.fail(token, what, message!(write_nearest, word = near)))
        }
        _ => Ok(duration),
    }
}

fn shell(cursor: &mut Cursor<'_>) -> Result<Action, SyntaxError> {
    let command = cursor.string(message!(the_command), usage("shell"))?;
    if cursor.accept("undo") {
        let undo = cursor.string(message!(the_undoing_command), usage("shell"))?;
        return Ok(Action::Mutate(Mutation { fault: Fault::Shell { command, undo }, expiry: None }));
    }
    Ok(Action::Shell { command, read_only: cursor.accept("read-only") })
}
