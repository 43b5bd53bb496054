use super::*;
use crate::Lines;

fn error(text: &str) -> String {
    let lines = Lines::new(text);
    match Json::new("x.json", text, &lines).value() {
        Ok(node) => panic!("{node:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn values_know_where_they_stand() {
    let text = "{\"a\": [1, \"x\\ny\", {\"b\": null}],\n \"c\": true}";
    let lines = Lines::new(text);
    let json = Json::new("", text, &lines);
    let root = json.value().unwrap_or_else(|error| panic!("{error}"));
    let list = root.get("a").map_or(&[][..], Node::elements);
    assert_eq!(list[1].text(), Some("x\ny"));
    assert_eq!(format!("{:?}", json.at(&list[1])), "1:12");
    assert_eq!(format!("{:?}", json.places(&list[1]).at(2)), "1:15", "behind the escape");
    assert_eq!(json.source(&list[2]), "{\"b\": null}");
    assert!(list[2].get("b").is_none(), "null is nothing");
    assert_eq!(root.get("c").map(|node| format!("{:?}", json.at(node))), Some("2:7".to_owned()));
}

#[test]
fn broken_json_says_where_and_what_to_do() {
    let cases = [
        ("", "x.json:1:1: this is no sound JSON: a value is missing: the file ends here"),
        (
            "{\"a\": [1,\n 2",
            "x.json:2:3: this is no sound JSON: the file ends in the middle: `,` or `]` is missing",
        ),
        ("{\"a\" 1}", "x.json:1:6: this is no sound JSON: `:` is missing behind the key"),
        ("{a: 1}", "x.json:1:2: this is no sound JSON: a key in double quotes is expected here"),
        ("[1 2]", "x.json:1:4: this is no sound JSON: `,` or `]` is missing before this"),
        ("[\"a\n", "x.json:1:2: this is no sound JSON: the string that begins here has no closing quote"),
        ("['a']", "x.json:1:2: this is no sound JSON: strings need double quotes"),
        ("[] []", "x.json:1:4: this is no sound JSON: something stands behind the end"),
        ("[1,]", "x.json:1:4: this is no sound JSON: a value is expected here"),
    ];
    for (text, expected) in cases {
        let error = error(text);
        assert!(error.starts_with(expected), "{text}: {error}");
        assert!(error.ends_with("; mend it here, or export it again"), "{error}");
    }
}

#[test]
fn the_depth_is_bounded() {
    for open in ["[", "{\"a\":"] {
        let text = open.repeat(100_000);
        assert!(error(&text).contains("nested more than 200 deep"), "{open}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}|[\\[\\]{}\",:\\\\0-9a-fu ]{0,60}") {
        let lines = Lines::new(&text);
        let json = Json::new("", &text, &lines);
        if let Ok(node) = json.value() {
            let places = json.places(&node);
            let _ = (json.at(&node), places.at(0), places.at(1000), json.source(&node));
        }
    }
}
