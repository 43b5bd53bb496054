use crate::server::{Answer, server};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_all_that_it_links_are_served() {
    let server = server().await;
    for path in ["/", "/get_recordings_timeline"] {
        let page = server.get(path).await;
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let links: Vec<_> = ["src=\"", "href=\""]
            .iter()
            .flat_map(|mark| page.text.split(mark).skip(1))
            .map(|rest| rest.split('"').next().unwrap())
            .filter(|link| link.starts_with("viewer/"))
            .collect();
        assert!(!links.is_empty(), "{path}");
        for link in links {
            assert_eq!(server.get(&format!("/{link}")).await.status, 200, "{link}");
        }
    }
    let script = server.get("/viewer/main.js").await;
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(
        script.header("content-security-policy").unwrap().starts_with("default-src 'self'; style-src 'self'")
    );
    server.get("/viewer/nothing.js").await.error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_browser_has_is_not_sent_again() {
    let server = server().await;
    let first = server.get("/viewer/main.js").await;
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let tag = first.header("etag").unwrap();
    for known in [tag.to_owned(), format!("\"other\", W/{tag}")] {
        let request = server.request("GET", "/viewer/main.js").header("If-None-Match", known);
        let again = Answer::of(request.send().await.unwrap()).await;
        assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", Some(tag)));
    }
    let request = server.request("GET", "/viewer/main.js").header("If-None-Match", "\"other\"");
    assert_eq!(request.send().await.unwrap().status(), 200);
}
