use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::markup::{Block, Cell, Inline, Inlines, Item, Markup, plain_blocks};
use crate::{At, Lines};

fn reading(text: &str) -> Blocks {
    read(text, &Lines::new(text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn document(content: &str) -> Blocks {
    reading(&format!("{{\"type\": \"doc\", \"version\": 1, \"content\": [{content}]}}"))
}

fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

fn paragraph(text: Inlines) -> Block {
    Block::Paragraph { at: At::default(), text }
}

#[test]
fn what_is_seen_of_a_run_is_its_text() {
    let blocks = document(
        r##"{"type": "paragraph", "content": [
            {"type": "text", "text": "See ", "marks": [{"type": "textColor", "attrs": {"color": "#ff0000"}}]},
            {"type": "mention", "attrs": {"id": "1", "text": "@Dana"}},
            {"type": "text", "text": " on "},
            {"type": "date", "attrs": {"timestamp": "1759622400000"}},
            {"type": "hardBreak"},
            {"type": "status", "attrs": {"text": "READY", "color": "green"}},
            {"type": "emoji", "attrs": {"shortName": ":warning:", "text": "⚠"}},
            {"type": "text", "text": "a", "marks": [{"type": "strong"}, {"type": "em"}]},
            {"type": "text", "text": "b", "marks": [{"type": "strong"}, {"type": "underline"}]},
            {"type": "text", "text": "c", "marks": [{"type": "link", "attrs": {"href": "http://c"}}, {"type": "code"}]},
            {"type": "inlineCard", "attrs": {"url": "http://d"}}]}"##,
    );
    let code = Inline::Code { at: At::default(), text: "c".to_owned() };
    assert_eq!(
        blocks,
        [paragraph(vec![
            text("See @Dana on 2025-10-05"),
            Inline::Break(At::default()),
            text("READY⚠"),
            Inline::Strong(vec![Inline::Emphasis(vec![text("a")]), text("b")]),
            Inline::Link { url: "http://c".to_owned(), text: vec![code] },
            Inline::Link { url: "http://d".to_owned(), text: vec![] },
        ])]
    );
}

#[test]
fn blocks_of_every_kind_are_read() {
    let blocks = document(
        r#"{"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Steps"}]},
        {"type": "table", "content": [
            {"type": "tableRow", "content": [
                {"type": "tableHeader", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Action"}]}]},
                {"type": "tableHeader", "content": [{"type": "paragraph"}]}]},
            {"type": "tableRow", "content": [
                {"type": "tableCell", "attrs": {"colspan": 2}, "content": [{"type": "codeBlock", "attrs": {"language": "sh"},
                    "content": [{"type": "text", "text": "a\nb"}]}]}]}]},
        {"type": "panel", "attrs": {"panelType": "info"}, "content": [
            {"type": "orderedList", "attrs": {"order": 3}, "content": [{"type": "listItem", "content": [
                {"type": "paragraph", "content": [{"type": "text", "text": "three"}]}]}]}]},
        {"type": "taskList", "attrs": {"localId": "x"}, "content": [
            {"type": "taskItem", "attrs": {"localId": "y", "state": "DONE"}, "content": [{"type": "text", "text": "done"}]},
            {"type": "taskList", "attrs": {"localId": "z"}, "content": [
                {"type": "taskItem", "attrs": {"localId": "w", "state": "TODO"}, "content": [{"type": "text", "text": "open"}]}]}]},
        {"type": "expand", "attrs": {"title": "More"}, "content": [{"type": "rule"}]},
        {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"type": "file", "id": "9", "collection": "c", "alt": "a.png"}}]},
        {"type": "extension", "attrs": {"extensionKey": "toc"}}"#,
    );
    assert!(matches!(&blocks[0], Block::Heading { level: 2, .. }));
    let Block::Table { header, rows, .. } = &blocks[1] else { panic!("{blocks:?}") };
    assert_eq!((header.len(), rows[0].len()), (2, 2), "an empty cell for the second column");
    assert!(
        matches!(&rows[0][0].blocks[..], [Block::Code { language: Some(_), text, .. }] if text == "a\nb")
    );
    assert!(matches!(&blocks[2], Block::List { start: Some(3), .. }), "a panel is a frame");
    let Block::List { items, .. } = &blocks[3] else { panic!("{blocks:?}") };
    assert_eq!(items[0].done, Some(true));
    assert!(matches!(&items[0].blocks[1], Block::List { items, .. } if items[0].done == Some(false)));
    let picture = Inline::Image { url: "media:c/9".to_owned(), text: "a.png".to_owned() };
    assert_eq!(blocks[4], paragraph(vec![picture]));
    let raw = r#"{"type":"extension","attrs":{"extensionKey":"toc"}}"#.to_owned();
    assert_eq!(blocks[5], Block::Raw { at: At::default(), markup: Markup::Adf, text: raw });
    assert_eq!(plain_blocks(&blocks[6..]), "More\n\n", "what is opened under a title ends with itself");
    let written = write(&blocks).to_string();
    assert_eq!(reading(&written), fit(&blocks));
}

#[test]
fn what_follows_something_under_a_title_is_no_part_of_it() {
    let said =
        |text: &str| format!(r#"{{"type": "paragraph", "content": [{{"type": "text", "text": "{text}"}}]}}"#);
    let expand = |title: &str, inside: &str| {
        format!(r#"{{"type": "expand", "attrs": {{"title": "{title}"}}, "content": [{}]}}"#, said(inside))
    };
    let heading = r#"{"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "H"}]}"#
        .to_owned();
    let framed = format!(r#"{{"type": "panel", "content": [{heading}]}}"#);
    let content = [
        said("a"),
        expand("P", "b"),
        said("c"),
        heading,
        expand("Q", "d"),
        expand("", "e"),
        framed,
        said("f"),
    ];
    let blocks = document(&content.join(", "));
    assert_eq!(plain_blocks(&blocks).replace("\n\n", " "), "a c P b H e Q d H f");
}

#[test]
fn rows_without_cells_are_none_and_cells_span_no_more_columns_than_anybody_makes() {
    let blocks = document(
        r#"{"type": "table", "content": [
            {"type": "tableRow", "content": []},
            {"type": "tableRow", "content": [{"type": "tableHeader", "content": [{"type": "paragraph",
                "content": [{"type": "text", "text": "Action"}]}]}]},
            {"type": "tableRow", "content": [{"type": "tableCell", "attrs": {"colspan": 100000000}, "content": []}]}]}"#,
    );
    let Block::Table { header, rows, .. } = &blocks[0] else { panic!("{blocks:?}") };
    assert_eq!((header.len(), rows.len(), rows[0].len()), (1, 1, 100));
}

#[test]
fn decisions_are_items_and_tasks_may_begin_deeper() {
    let blocks = document(
        r#"{"type": "decisionList", "content": [{"type": "decisionItem", "content": [{"type": "text", "text": "Yes"}]}]},
        {"type": "taskList", "content": [{"type": "taskList", "content": [
            {"type": "taskItem", "attrs": {"state": "DONE"}, "content": [{"type": "text", "text": "done"}]}]}]},
        {"type": "paragraph", "content": [{"type": "emoji", "attrs": {"text": ""}}]}"#,
    );
    assert_eq!(plain_blocks(&blocks[..2]), "Yes\n\ndone");
    let Block::List { items, .. } = &blocks[1] else { panic!("{blocks:?}") };
    assert_eq!(items[0].done, Some(true));
    let Block::Paragraph { text, .. } = &blocks[2] else { panic!("{blocks:?}") };
    assert!(matches!(text[..], [Inline::Raw { .. }]), "what nobody sees is kept as it stood: {text:?}");
}

#[test]
fn positions_are_those_of_the_characters() {
    let file = "{\"type\":\"doc\",\"content\":[\n{\"type\":\"paragraph\",\"content\":[{\"type\":\"text\",\n\"text\":\"a\\n`b\"},\n\
                {\"type\":\"text\",\"text\":\"x\",\"marks\":[{\"type\":\"code\"}]},\n{\"type\":\"hardBreak\"},\n{\"type\":\"text\",\"text\":\"y\"}]}]}";
    let blocks = reading(file);
    let Block::Paragraph { at, text } = &blocks[0] else { panic!("{blocks:?}") };
    assert_eq!(format!("{at:?}"), "3:9");
    assert!(matches!(text[1], Inline::Break(at) if format!("{at:?}") == "3:12"), "{text:?}");
    assert!(matches!(text[3], Inline::Code { at, .. } if format!("{at:?}") == "4:24"), "{text:?}");
    assert!(matches!(text[4], Inline::Break(at) if format!("{at:?}") == "6:24"), "{text:?}");
}

#[test]
fn other_json_is_refused() {
    let error =
        |text: &str| read(text, &Lines::new(text)).map_or_else(|error| error.to_string(), |_| String::new());
    assert!(error("\n{\"type\": \"paragraph\"}").starts_with("2:1: this is no ADF"));
    assert!(error("[1").contains("`,` or `]` is missing"));
}

#[test]
fn what_is_blank_between_links_is_no_link() {
    let code = |text: &str| Inline::Code { at: At::default(), text: text.to_owned() };
    let link = |text| Inline::Link { url: "u".to_owned(), text };
    let blank = || Inline::Text(" ".to_owned());
    let fitted = fit(&[paragraph(vec![Inline::Strong(vec![link(vec![code("a"), blank(), code("b")])])])]);
    assert_eq!(fitted, [paragraph(vec![link(vec![code("a")]), blank(), link(vec![code("b")])])]);
    assert_eq!(fit(&fitted), fitted);
    let text = vec![Inline::Strong(vec![Inline::Text("a ".to_owned()), Inline::Emphasis(vec![code("b")])])];
    assert_eq!(
        fit(&[paragraph(text)]),
        fit(&[paragraph(vec![Inline::Strong(vec![Inline::Text("a".to_owned())]), blank(), code("b")])])
    );
}

/// Any blocks, sensible or not.
pub(crate) fn any_blocks() -> impl Strategy<Value = Blocks> {
    let word = "[a-zא ]{0,6}|[\\[\\]*`|_-]{1,3}";
    let leaf = prop_oneof![
        4 => word.prop_map(Inline::Text),
        1 => word.prop_map(|text| Inline::Code { at: At::default(), text }),
        1 => Just(Inline::Break(At::default())),
        1 => (word, word).prop_map(|(url, text)| Inline::Image { url, text }),
        1 => Just(Inline::Raw { markup: Markup::Adf, text: "{\"type\":\"inlineExtension\"}".to_owned() }),
        1 => word.prop_map(|text| Inline::Raw { markup: Markup::Wiki, text }),
    ];
    let inline = leaf.prop_recursive(3, 12, 3, |inner| {
        let text = prop::collection::vec(inner, 0..3);
        prop_oneof![
            text.clone().prop_map(Inline::Strong),
            text.clone().prop_map(Inline::Emphasis),
            text.clone().prop_map(Inline::Strike),
            ("[a-z]{0,3}", text).prop_map(|(url, text)| Inline::Link { url, text }),
        ]
    });
    let text = prop::collection::vec(inline, 0..4);
    let at = At::default();
    let leaf = prop_oneof![
        4 => text.clone().prop_map(paragraph),
        1 => (0u8..9, text).prop_map(move |(level, text)| Block::Heading { at, level, text }),
        1 => (prop::option::of("[a-z]{0,4}"), "[a-z\n]{0,8}")
            .prop_map(move |(language, text)| Block::Code { at: at.into(), language, text }),
        1 => Just(Block::Rule { at }),
        1 => Just(Block::Raw { at, markup: Markup::Adf, text: "{ \"type\": \"extension\" }".to_owned() }),
        1 => Just(Block::Raw { at, markup: Markup::Markdown, text: "<hr>".to_owned() }),
    ];
    let block =
        leaf.prop_recursive(3, 24, 3, move |inner| {
            let blocks = prop::collection::vec(inner, 0..3);
            let item = (prop::option::of(any::<bool>()), blocks.clone())
                .prop_map(move |(done, blocks)| Item { at, done, blocks });
            let row = prop::collection::vec(blocks.clone().prop_map(move |blocks| Cell { at, blocks }), 0..3);
            prop_oneof![
                (prop::option::of(0u64..5), prop::collection::vec(item, 0..3))
                    .prop_map(move |(start, items)| Block::List { at, start, items }),
                (row.clone(), prop::collection::vec(row, 0..3))
                    .prop_map(move |(header, rows)| Block::Table { at, header, rows }),
                blocks.prop_map(move |blocks| Block::Quote { at, blocks }),
            ]
        });
    prop::collection::vec(block, 0..4)
}

/// What ADF holds, but for marks around code and breaks.
const HELD: &[Feature] =
    &[Feature::Starts, Feature::AdjacentLists, Feature::Tables, Feature::RaggedTables, Feature::AnyLanguage];

/// What may stand in a node, as Jira's schema has it.
fn allowed(parent: &str) -> &'static [&'static str] {
    const INLINE: &[&str] = &["text", "hardBreak", "inlineCard", "inlineExtension"];
    match parent {
        "doc" => &[
            "paragraph",
            "heading",
            "bulletList",
            "orderedList",
            "taskList",
            "table",
            "codeBlock",
            "blockquote",
            "rule",
            "mediaSingle",
            "extension",
        ],
        "tableCell" | "tableHeader" => &[
            "paragraph",
            "heading",
            "bulletList",
            "orderedList",
            "taskList",
            "codeBlock",
            "blockquote",
            "rule",
            "mediaSingle",
            "extension",
        ],
        "listItem" => {
            &["paragraph", "bulletList", "orderedList", "taskList", "codeBlock", "mediaSingle", "extension"]
        }
        "blockquote" => &["paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "extension"],
        "bulletList" | "orderedList" => &["listItem"],
        "taskList" => &["taskItem", "taskList"],
        "table" => &["tableRow"],
        "tableRow" => &["tableCell", "tableHeader"],
        "mediaSingle" => &["media"],
        "codeBlock" => &["text"],
        "paragraph" | "heading" | "taskItem" => INLINE,
        _ => &[],
    }
}

fn check(node: &Value) {
    let kind = node["type"].as_str().unwrap_or_default();
    let content = node["content"].as_array().map_or(&[][..], Vec::as_slice);
    let may_be_empty = matches!(kind, "doc" | "paragraph" | "heading" | "taskItem" | "codeBlock");
    assert!(!content.is_empty() || may_be_empty || node["content"].is_null(), "empty {kind}");
    for child in content {
        let child_kind = child["type"].as_str().unwrap_or_default();
        assert!(allowed(kind).contains(&child_kind), "{child_kind} in {kind}");
        check(child);
    }
    let marks: Vec<_> =
        node["marks"].as_array().into_iter().flatten().filter_map(|mark| mark["type"].as_str()).collect();
    assert!(
        !marks.contains(&"code") || marks.iter().all(|mark| matches!(*mark, "code" | "link")),
        "{marks:?}"
    );
    assert!(kind != "text" || !node["text"].as_str().unwrap_or_default().is_empty(), "empty text");
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_fitted_and_taken_by_jira(blocks in any_blocks()) {
        let document = write(&blocks);
        check(&document);
        let fitted = fit(&blocks);
        prop_assert_eq!(reading(&document.to_string()), fitted.clone());
        prop_assert_eq!(fit(&fitted), fitted);
    }

    #[test]
    fn no_word_that_people_write_is_lost(blocks in arbitrary::blocks(HELD)) {
        let document = write(&blocks);
        check(&document);
        let fitted = fit(&blocks);
        prop_assert_eq!(plain_blocks(&fitted), plain_blocks(&blocks));
        prop_assert_eq!(reading(&document.to_string()), fitted);
    }

    #[test]
    fn any_json_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = read(&text, &Lines::new(&text));
        let _ = document(&format!("{{\"type\":\"paragraph\",\"content\":[{{\"type\":{}}}]}}", Value::from(text)));
    }
}
