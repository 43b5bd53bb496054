//! What runs in another number, and how that is put back.

use casebook_run::Fault;
use casebook_run::fault::{Injection, Work};
use casebook_run::inject::injection;
use casebook_run::journal::{Intended, State};
use casebook_run::undo::{Stack, recover};
use casebook_run::world::World;
use casebook_ticket::At;
use casebook_ticket::language::parse_statement;

use crate::lab::Lab;

/// How a statement would break something now.
async fn broken_by(statement: &str, world: &World<'_>) -> Result<Injection, String> {
    let statement = parse_statement(statement, At::default()).unwrap();
    injection(statement.action.mutation().unwrap(), "lab_1", world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_that_was_is_put_back_by_whoever_has_the_journal() {
    let Some(lab) = Lab::start() else { return };
    let by_token =
        format!("url = {:?}\ntoken = \"${{TOKEN}}\"\nca = {:?}", lab.cluster.url(), lab.cluster.ca());
    for environment in [lab.environment(), lab.environment_by(&by_token)] {
        lab.deployment(3);
        let world = World::new(&environment, &[], &[]);
        let number = || {
            let column = "--output=jsonpath={.spec.replicas}";
            lab.cluster.kubectl(&["get", "deployment", "server", "-n", &lab.namespace, column])
        };
        let same = broken_by("scale $server to 3", &world).await.unwrap_err();
        assert_eq!(same, "deployment/server is 3 already, so that nothing would be broken");
        let injection = broken_by("scale $server to 0", &world).await.unwrap();
        assert!(injection.is_gone().await.unwrap(), "nothing is broken yet");

        // The run dies behind it: all that is left is the journal.
        let directory = tempfile::tempdir().unwrap();
        let state = State::lock(&directory.path().join("state")).unwrap();
        let fault = Fault { what: "scale".into(), inverse: "scale back".into() };
        let intended = Intended { case: "LAB-1".into(), step: "1".into(), fault, injection };
        let injection = intended.injection.clone();
        Stack::new(state.begin("run").unwrap()).break_it("scale", intended).await.unwrap();
        assert_eq!((number().as_str(), injection.is_gone().await), ("0", Ok(false)));
        let recovered = recover(state.pending().unwrap(), false).await;
        assert_eq!((recovered.len(), &recovered[0].error), (1, &None));
        assert_eq!((number().as_str(), injection.is_gone().await), ("3", Ok(true)));
        assert_eq!(state.pending().unwrap(), []);
    }
    // What is not there any more cannot be said to be whole.
    let environment = lab.environment();
    let scaled = broken_by("scale $server to 1", &World::new(&environment, &[], &[])).await.unwrap();
    lab.cluster.kubectl(&["delete", "deployment", "server", "-n", &lab.namespace]);
    assert!(scaled.undo(&mut Work::default()).await.is_err() && scaled.is_gone().await.is_err());
}
