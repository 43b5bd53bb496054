//! Kinds of tests: how they are told, and their model texts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use casebook_ticket::{Field, Lines, Section, Standard, Ticket, markdown, outline};
use regex::Regex;
use serde::Deserialize;

use super::UnknownKind;
use super::parameters::{self, Parameters};

/// A kind of test.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its id, as on the command line.
    pub id: String,
    /// What it is.
    pub name: String,
    #[serde(with = "expressions")]
    evidence: Vec<Regex>,
    needs_upstream: bool,
}

/// A service that others depend on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    pub(super) name: String,
    pub(super) variable: String,
    pub(super) word: String,
    #[serde(with = "expression")]
    pub(super) evidence: Regex,
    /// The verb that looks whether it is there, and the predicate that says so.
    pub(super) again: String,
    pub(super) verify: String,
}

/// A request that is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    #[serde(with = "expression")]
    pub(super) evidence: Regex,
    pub(super) server: String,
    pub(super) variable: String,
    /// The field of the answer that names what was started.
    pub(super) answers: String,
    /// How that is removed: the id comes behind it.
    pub(super) remove: String,
    pub(super) payload: Payloads,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payloads {
    pub(super) live: String,
    pub(super) historic: String,
    pub(super) bad: String,
}

/// What a server's jobs run on: what steps look at to see whether any was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// Jobs and Services of Kubernetes.
    #[default]
    Kubernetes,
    /// Processes of the server's machine.
    Processes,
}

impl Platform {
    pub(super) fn words(self) -> &'static PlatformWords {
        match self {
            Self::Kubernetes => &KNOWN.platform.kubernetes,
            Self::Processes => &KNOWN.platform.processes,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Platforms {
    kubernetes: PlatformWords,
    processes: PlatformWords,
}

/// What a model says for a platform.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlatformWords {
    /// What a request starts there.
    pub(super) creates: String,
    /// What replaces names in a model.
    pub(super) words: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    kind: Vec<Kind>,
    platform: Platforms,
    pub(super) upstream: Vec<Upstream>,
    pub(super) request: Vec<Request>,
}

mod expression {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<regex::Regex, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

mod expressions {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<regex::Regex>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}

/// What is known about kinds and the systems they are for.
pub(super) static KNOWN: LazyLock<Known> =
    LazyLock::new(|| toml::from_str(include_str!("kinds/kinds.toml")).expect("kinds.toml is sound"));

/// The model of a kind, in Markdown with parameters.
fn model(kind: &Kind) -> &'static str {
    match kind.id.as_str() {
        "outage" => include_str!("kinds/outage.md"),
        _ => include_str!("kinds/bad-input.md"),
    }
}

/// The kind that was asked for, or that the ticket's words are evidence of; and why.
pub(super) fn choose(
    ticket: &Ticket,
    wanted: Option<&str>,
) -> Result<(Option<&'static Kind>, String), UnknownKind> {
    const GENERIC: &str = "generic";
    if let Some(wanted) = wanted {
        if wanted == GENERIC {
            return Ok((None, "it was asked for".into()));
        }
        let kind = KNOWN.kind.iter().find(|kind| kind.id == wanted);
        let known = KNOWN.kind.iter().map(|kind| kind.id.as_str()).chain([GENERIC]);
        let unknown =
            || UnknownKind { wanted: wanted.to_owned(), known: known.collect::<Vec<_>>().join(", ") };
        return kind.map(|kind| (Some(kind), "it was asked for".into())).ok_or_else(unknown);
    }
    for kind in &KNOWN.kind {
        if let Some(because) = evidence(kind, ticket) {
            return Ok((Some(kind), because));
        }
    }
    let because = "summary, labels and description name no kind of test that there are models for";
    Ok((None, because.into()))
}

/// What a ticket says for a kind, if it says enough.
fn evidence(kind: &Kind, ticket: &Ticket) -> Option<String> {
    let mut said = Vec::new();
    let upstream = KNOWN.upstream.iter().filter(|_| kind.needs_upstream).map(|upstream| &upstream.evidence);
    let upstream: Vec<_> = upstream.collect();
    for expressions in
        kind.evidence.iter().map(|one| vec![one]).chain((!upstream.is_empty()).then_some(upstream))
    {
        said.push(expressions.iter().find_map(|expression| find(ticket, expression))?);
    }
    let said: Vec<_> = said.iter().map(|(field, word)| format!("\"{word}\" in {field}")).collect();
    Some(format!("it says {}", said.join(" and ")))
}

/// Where the words of summary, labels or description match.
pub(super) fn find(ticket: &Ticket, expression: &Regex) -> Option<(Field, String)> {
    [Field::Summary, Field::Labels, Field::Description].into_iter().find_map(|field| {
        let text = ticket.text(&field)?;
        let word = expression.find(&text)?.as_str().to_owned();
        Some((field, word))
    })
}

/// The model sections of a kind, with what follows from the ticket filled in. The test function is called by the
/// ticket's summary; by the model's when that is the one that the completed ticket will have.
pub(super) fn models(
    kind: &Kind,
    platform: Platform,
    ticket: &Ticket,
    has_summary: bool,
    standard: &Standard,
) -> Vec<Section> {
    let text = Parameters::of(kind, platform.words(), ticket).fill(model(kind));
    let own = ticket.text(&Field::Summary).filter(|_| has_summary);
    let summary = own.as_deref().or_else(|| text.split_once("## Summary\n\n")?.1.lines().next());
    let function = summary.and_then(parameters::function).unwrap_or_else(|| "{test_name}".into());
    let text = text.replace("%FUNCTION%", &function);
    outline::canonical(markdown::read(&text, &Lines::new(&text)), standard)
}

/// Whether a field carries bindings, which hang together: they are all taken from one place.
pub(super) fn is_bound(field: &Field) -> bool {
    matches!(
        field,
        Field::PreConditions
            | Field::TestConfiguration
            | Field::TestData
            | Field::TestSteps
            | Field::Assertions
            | Field::RecoveryValidation
            | Field::PostConditions
    )
}
