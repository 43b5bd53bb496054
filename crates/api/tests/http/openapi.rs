use std::path::Path;

use crate::server::server;

/// The document is committed, so that every change to the interface is seen in a review. `UPDATE=1` rewrites it.
#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = focus_api::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "the interface has changed: run this test with UPDATE=1 and look at the difference"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_describes_every_endpoint_and_error() {
    let server = server().await;
    let answer = server.get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    let configure = &document["paths"]["/configure"]["post"]["responses"];
    for status in ["200", "400", "404", "413", "422", "429", "502", "503", "default"] {
        assert!(configure[status].is_object(), "{status}");
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn swagger_ui_needs_no_other_server() {
    let server = server().await;
    for prefix in ["", "/focus-server"] {
        let page = server.get(&format!("{prefix}/docs/")).await;
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page:?}");
        assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{page:?}");
        for file in ["swagger-initializer.js", "swagger-ui-bundle.js", "swagger-ui.css"] {
            assert_eq!(server.get(&format!("{prefix}/docs/{file}")).await.status, 200, "{file}");
        }
        let settings = server.get(&format!("{prefix}/docs/swagger-initializer.js")).await;
        assert!(settings.text.contains("\"../openapi.json\""), "{settings:?}");
    }
    server.get("/docs/nothing.js").await.error(404, "not_found");
}
