//! The verbs of `mongo` against a server that speaks MongoDB's protocol.

use std::time::Duration;

use casebook_run::environment::Environment;
use casebook_run::perform::perform;
use casebook_run::world::World;
use casebook_run::{Observation, Outcome};
use casebook_ticket::At;
use casebook_ticket::language::{DataName, Datum, parse_statement};
use focus_mongodb_node::Node;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use tokio::net::TcpListener;
use tokio::time::Instant;

const DEADLINE: Duration = Duration::from_secs(3);

fn environment(url: &str) -> Environment {
    let text = format!(
        "name = \"lab\"\nlimits = {{ deadline = {} }}\n[targets.mongo]\nurl = \"{url}\"\n",
        DEADLINE.as_secs_f64()
    );
    Environment::parse("lab.toml", &text, &|_| None).unwrap()
}

fn datum(name: &str, text: &str) -> Datum {
    Datum {
        name: DataName::new(name).unwrap(),
        at: At::default(),
        language: Some("json".into()),
        text: text.into(),
        references: Vec::new(),
    }
}

async fn seen(statement: &str, world: &mut World<'_>) -> Observation {
    perform(&parse_statement(statement, At::default()).unwrap(), world).await
}

fn why(seen: &Observation) -> &str {
    match &seen.outcome {
        Outcome::Failed(why) => why,
        other => panic!("{other:?}"),
    }
}

fn count(seen: &Observation) -> i64 {
    assert_eq!(seen.outcome, Outcome::Answered);
    seen.numbers["count"] as i64
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_counted() {
    let node = Node::start();
    let client = Client::with_uri_str(node.url()).await.unwrap();
    let recordings = client.database("site").collection::<Document>("recordings");
    let document = |channels: i32| doc! { "channels": channels, "unfinished": channels > 2 };
    recordings.insert_many((0..5).map(document)).await.unwrap();

    let data = [
        datum("wide", r#"{ "channels": { "$gte": 2 }, "unfinished": false }"#),
        datum("long", r#"{ "channels": { "$gt": { "$numberLong": "3" } } }"#),
        datum("wrong", "[1]"),
    ];
    let named = environment(&format!("{}site", node.url()));
    let mut world = World::new(&named, &[], &data);
    assert_eq!(seen("mongo $mongo", &mut world).await.outcome, Outcome::Answered);
    assert_eq!(count(&seen("mongo count $mongo/recordings", &mut world).await), 5);
    let filtered = seen("mongo count $mongo/recordings @wide", &mut world).await;
    assert_eq!(count(&filtered), 1);
    assert!(filtered.sent.starts_with("count site.recordings\n\n{ \"channels\""), "{}", filtered.sent);
    assert_eq!(count(&seen("mongo count $mongo/recordings @long", &mut world).await), 1, "extended JSON");
    assert_eq!(count(&seen("mongo count $mongo/drafts", &mut world).await), 0);
    let wrong = seen("mongo count $mongo/recordings @wrong", &mut world).await;
    assert!(why(&wrong).starts_with("the filter is none"), "{}", why(&wrong));

    // Where the database is not in the URL, the statement has it.
    let unnamed = environment(&node.url());
    let mut world = World::new(&unnamed, &[], &data);
    assert_eq!(count(&seen("mongo count $mongo/site/recordings", &mut world).await), 5);
    let nowhere = seen("mongo count $mongo/recordings", &mut world).await;
    assert!(why(&nowhere).starts_with("which database recordings is in is not known"), "{}", why(&nowhere));
    let all = seen("mongo count $mongo", &mut world).await;
    assert!(why(&all).contains("names no collection; write `$mongo/collection`"), "{}", why(&all));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_down_in_time_however_it_is() {
    let mut node = Node::start();
    let named = environment(&format!("{}site", node.url()));
    let mut world = World::new(&named, &[], &[]);
    assert_eq!(seen("mongo $mongo", &mut world).await.outcome, Outcome::Answered);

    let in_time = async |statement: &str, world: &mut World<'_>| {
        let began = Instant::now();
        let seen = seen(statement, world).await;
        assert!(began.elapsed() < DEADLINE * 2, "{statement}: {:?}", began.elapsed());
        seen
    };
    node.freeze();
    assert_eq!(in_time("mongo $mongo", &mut world).await.outcome, Outcome::TimedOut);
    let silent = in_time("mongo count $mongo/recordings", &mut world).await;
    assert!(why(&silent).contains("MongoDB"), "{}", why(&silent));
    node.thaw();
    let back = seen("wait until mongo $mongo up within 20s", &mut world).await;
    assert_eq!(back.outcome, Outcome::Answered);
    node.stop();
    assert_eq!(in_time("mongo $mongo", &mut world).await.outcome, Outcome::Refused);
    let refused = in_time("mongo count $mongo/recordings", &mut world).await;
    let written = named.redactor.redact(why(&refused));
    assert!(written.contains("MongoDB") && !written.contains(&node.address().to_string()), "{written}");

    // One that takes connections and says nothing, and one that ends them.
    for says_nothing in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = environment(&format!("mongodb://user:pass@{}/site", listener.local_addr().unwrap()));
        let keeper = tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                if says_nothing {
                    kept.push(stream);
                }
            }
        });
        let odd = in_time("mongo $mongo deadline 1s", &mut World::new(&other, &[], &[])).await;
        assert!(matches!(odd.outcome, Outcome::TimedOut | Outcome::Cut), "{:?}", odd.outcome);
        keeper.abort();
    }
}
