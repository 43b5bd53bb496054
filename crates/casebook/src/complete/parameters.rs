//! What a ticket says that its models need.

use std::sync::LazyLock;

use casebook_ticket::{Field, Ticket};
use regex::Regex;

use super::kinds::{KNOWN, Kind, PlatformWords, Request, Upstream, find};

/// What replaces `%NAME%` in a model.
pub(super) struct Parameters(Vec<(&'static str, String)>);

static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(GET|POST|PUT|PATCH|DELETE)\s+(?:https?://[^\s/]+)?(/[\w/.-]*\w)").expect("it is sound")
});
static HISTORIC: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bhistor(?:ic|ical|y)\b").expect("it is sound"));

impl Parameters {
    pub(super) fn of(kind: &Kind, platform: &'static PlatformWords, ticket: &Ticket) -> Self {
        let upstream = KNOWN.upstream.iter().find(|upstream| find(ticket, &upstream.evidence).is_some());
        let said = said_request(ticket);
        let request = known_request(ticket, said.as_ref());
        let is_historic = find(ticket, &HISTORIC).is_some();
        let mut parameters = Self(Vec::new());
        // Some name other parameters.
        for (name, words) in &platform.words {
            parameters.set(name, words.as_str());
        }
        parameters.upstream(upstream);
        parameters.request(request, said, is_historic);
        parameters.set("CREATES", request.map_or("{resource}", |_| platform.creates.as_str()));
        parameters.names(kind, ticket, upstream);
        let service = parameters.value("SERVICE");
        let mut uses = vec![service];
        uses.extend(kind_uses(kind, upstream));
        uses.extend((is_historic && request.is_some()).then(|| "$recording".to_owned()));
        parameters.set("USES", uses.join(" "));
        parameters
    }

    /// A model with everything filled in.
    pub(super) fn fill(&self, model: &str) -> String {
        self.0.iter().fold(model.to_owned(), |text, (name, value)| text.replace(&format!("%{name}%"), value))
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    fn value(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn upstream(&mut self, upstream: Option<&Upstream>) {
        let of = |value: fn(&Upstream) -> &String, mark: &str| {
            upstream.map_or(mark.to_owned(), |it| value(it).clone())
        };
        self.set("UPSTREAM", of(|it| &it.name, "{upstream}"));
        self.set("VARIABLE", of(|it| &it.variable, "upstream"));
        self.set("AGAIN", of(|it| &it.again, "tcp"));
        self.set("UP", of(|it| &it.verify, "open"));
    }

    fn request(&mut self, known: Option<&Request>, said: Option<(String, String)>, is_historic: bool) {
        let mode = if is_historic { "historic" } else { "live" };
        self.set("MODE", mode);
        let of = |value: fn(&Request) -> &String, mark: &str| {
            known.map_or(mark.to_owned(), |it| value(it).clone())
        };
        let (method, path) = known
            .map(|request| (request.method.clone(), request.path.clone()))
            .or(said)
            .unwrap_or_else(|| ("POST".into(), "/{path}".into()));
        self.set("REQUEST_NAME", path.trim_start_matches('/').to_owned());
        self.set("METHOD", method);
        self.set("PATH", path);
        self.set("SERVER", of(|it| &it.server, "{Server}"));
        self.set("SERVICE", known.map_or("$server".to_owned(), |it| format!("${}", it.variable)));
        self.set("ANSWERS", of(|it| &it.answers, "id"));
        self.set("REMOVE", known.map_or("DELETE $server/{path}/".to_owned(), |it| it.remove.clone()));
        let payload = known.map(|it| if is_historic { &it.payload.historic } else { &it.payload.live });
        let unknown = || "{\"{field}\": \"{value}\"}".to_owned();
        let payload = payload.map_or_else(unknown, |text| text.trim().to_owned());
        self.set("GOOD", payload.clone());
        self.set("PAYLOAD", payload);
        self.set("BAD", known.map_or_else(unknown, |it| it.payload.bad.trim().to_owned()));
        self.set("FIELD", known.map_or("{field}", |_| "channels"));
    }

    /// The names of the test's file and class.
    fn names(&mut self, kind: &Kind, ticket: &Ticket, upstream: Option<&Upstream>) {
        let labels = ticket.text(&Field::Labels).unwrap_or_default().to_lowercase();
        let has =
            |label: &str| labels.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == label);
        let mut folder = String::from("tests");
        for label in ["integration", "api", "e2e", "resilience", "performance"] {
            if has(label) {
                folder = format!("{folder}/{label}");
            }
        }
        let (file, class) = match upstream.filter(|_| kind.id == "outage") {
            Some(upstream) => {
                (format!("test_{}_outage.py", upstream.word), format!("Test{}Resilience", upstream.name))
            }
            None => (format!("test_{}.py", kind.id.replace('-', "_")), camel(&kind.id)),
        };
        self.set("FILE", format!("{folder}/{file}"));
        self.set("CLASS", class);
    }
}

fn kind_uses(kind: &Kind, upstream: Option<&Upstream>) -> Option<String> {
    (kind.id == "outage").then(|| format!("${}", upstream.map_or("upstream", |it| it.variable.as_str())))
}

/// A request that stands somewhere in the ticket.
fn said_request(ticket: &Ticket) -> Option<(String, String)> {
    let fields =
        [Field::Summary, Field::Description, Field::TestSteps, Field::ExpectedResult, Field::TestData];
    fields.iter().filter_map(|field| ticket.text(field)).find_map(|text| {
        let said = REQUEST.captures(&text)?;
        Some((said[1].to_owned(), said[2].to_owned()))
    })
}

fn known_request(ticket: &Ticket, said: Option<&(String, String)>) -> Option<&'static Request> {
    KNOWN.request.iter().find(|known| {
        if let Some((method, path)) = said {
            return known.method == *method && path.ends_with(&known.path);
        }
        let text = ticket.text(&Field::Requirements).unwrap_or_default();
        find(ticket, &known.evidence).is_some() || known.evidence.is_match(&text)
    })
}

/// `Integration – RabbitMQ outage on Live configure` becomes `test_rabbitmq_outage_live_configure`. What is left to be
/// filled gives no name.
pub(super) fn function(summary: &str) -> Option<String> {
    const SMALL: &[&str] =
        &["a", "an", "the", "on", "in", "of", "at", "to", "for", "with", "when", "and", "is", "during"];
    const MOST: usize = 8;
    // A model's summary stands below one that was not enough.
    let summary = summary.lines().last().filter(|summary| !summary.contains('{'))?;
    // What stands before a dash says which suite it belongs to.
    let title = summary.split_once([':', '–', '—']).map_or(summary, |(_, title)| title);
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    let words = words.filter(|word| !word.is_empty() && !SMALL.contains(&word.as_str()));
    let name = words.take(MOST).collect::<Vec<_>>().join("_");
    (!name.is_empty()).then(|| format!("test_{name}"))
}

fn camel(text: &str) -> String {
    let mut out = String::from("Test");
    for word in text.split('-') {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}
