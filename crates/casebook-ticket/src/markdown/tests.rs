use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::markup::{Block, Cell, Inline, Item, Markup, normal};
use crate::{At, Lines};

fn taken(text: &str) -> Blocks {
    read(text, &Lines::new(text))
}

proptest! {
    #[test]
    fn what_was_written_is_read(blocks in arbitrary::blocks(Feature::ALL)) {
        let text = write(&blocks);
        let read = taken(&text);
        prop_assert!(read == blocks, "{}\nis read as\n{}", text, write(&read));
    }

    #[test]
    fn any_text_is_read_in_normal_form_and_written_alike(text in arbitrary::source()) {
        let blocks = taken(&text);
        prop_assert_eq!(&normal(blocks.clone()), &blocks);
    }
}

#[test]
fn a_paragraph_begins_where_its_first_words_do() {
    for (text, place) in [("a", "1:1"), ("\\\na", "2:1"), ("- \\\n  a", "2:3")] {
        let mut blocks = taken(text);
        if let Block::List { items, .. } = &mut blocks[0] {
            blocks = items.remove(0).blocks;
        }
        assert_eq!(format!("{:?}", blocks[0].at()), place, "{text:?}");
    }
    let Block::Table { rows, .. } = &taken("| a |\n|---|\n| <br>x |")[0] else { panic!("a table") };
    assert_eq!(format!("{:?}", rows[0][0].blocks[0].at()), "3:7");
}

/// `<` and what comes behind it, as runs: raw source as people write it.
fn raw(text: &str) -> Inline {
    Inline::Raw { markup: Markup::Markdown, text: text.to_owned() }
}

#[test]
fn raw_source_at_the_beginning_of_a_line_is_text() {
    let at = At::default();
    let text = |text: &str| Inline::Text(text.to_owned());
    let line_end = || Inline::Break(at);
    for (runs, written) in [
        (vec![raw("<!-- c -->"), text(" a")], "<br><!-- c --> a\n"),
        (vec![raw("<kbd>")], "<br><kbd>\n"),
        (vec![raw("<kbd>"), text("a"), raw("</kbd>")], "<kbd>a</kbd>\n"),
        (vec![text("a *"), line_end(), raw("<!-- c -->")], "a \\*<br><!-- c -->\n"),
        (vec![text("a"), line_end(), raw("<div>"), line_end(), raw("<kbd>")], "a<br><div>\n<kbd>\n"),
    ] {
        let link = Inline::Link { url: "u".to_owned(), text: runs.clone() };
        for text in [runs.clone(), vec![link], vec![Inline::Strong(runs)]] {
            let paragraph = Block::Paragraph { at, text };
            let item = Item { at, done: None, blocks: vec![paragraph.clone()] };
            let all = [paragraph, Block::List { at, start: None, items: vec![item] }];
            let text = write(&all);
            assert_eq!(taken(&text), all, "{text}");
        }
        let text = written.trim_end();
        assert_eq!(write(&taken(text)), written, "{text}");
    }
}

#[test]
fn marks_stand_beside_words_as_the_parser_takes_them() {
    use pulldown_cmark::{Event, Parser, Tag};
    let words: Vec<_> =
        (char::MIN..=char::MAX).filter(|character| super::escape::is_word(*character)).collect();
    let text: String = words.iter().flat_map(|character| ['*', *character, '*', 'a', '\n', '\n']).collect();
    let marked = Parser::new(&text).filter(|event| matches!(event, Event::Start(Tag::Emphasis))).count();
    assert_eq!(marked, words.len());
    let text = |words: String| Inline::Text(words);
    for framed in ["Ⓐ", "ⓩ", "🄰", "🅀", "🆉"] {
        let beside = vec![Inline::Emphasis(vec![text(framed.to_owned())]), text("a".to_owned())];
        for text in [beside, vec![text(format!("b _c d_{framed}"))]] {
            let paragraph = [Block::Paragraph { at: At::default(), text }];
            assert_eq!(taken(&write(&paragraph)), paragraph, "{}", write(&paragraph));
        }
    }
}

#[test]
fn blanks_that_are_written_as_entities_are_no_blanks_beside_marks() {
    let at = At::default();
    for sign in ["_", "__", "*", "~~"] {
        let code = Block::Code { at: at.into(), language: None, text: format!(" {sign}") };
        let item = |blocks: Blocks| Item { at, done: None, blocks };
        let items = vec![item(vec![Block::paragraph(at, &format!("0 {sign}"))]), item(vec![code])];
        let cell = Cell { at, blocks: vec![Block::List { at, start: None, items }] };
        let table = [Block::Table { at, header: Vec::new(), rows: vec![vec![cell]] }];
        assert_eq!(taken(&write(&table)), table, "{}", write(&table));
    }
}

#[test]
fn tables_may_be_wide() {
    let at = At::default();
    let row = |word: &str| vec![Cell { at, blocks: vec![Block::paragraph(at, word)] }; 9];
    let table = [Block::Table { at, header: row("a"), rows: vec![row("b")] }];
    assert_eq!(taken(&write(&table)), table, "{}", write(&table));
}

#[test]
fn a_line_begins_behind_the_last_of_its_breaks() {
    let [Block::Paragraph { text, .. }] = &taken("a<br>\n  b")[..] else { panic!("a paragraph") };
    assert!(matches!(text[..], [_, Inline::Break(At { line: 2, column: 3 }), _]), "{text:?}");
}

#[test]
fn raw_source_of_another_markup_is_code() {
    let wiki = Inline::Raw { markup: Markup::Wiki, text: "[~ann]".to_owned() };
    assert_eq!(write(&[Block::Paragraph { at: At::default(), text: vec![wiki] }]), "`[~ann]`\n");
}

#[test]
fn what_nests_beyond_reason_is_kept_as_it_stands() {
    for text in
        ["- ".repeat(5000), ">".repeat(5000) + "a", "1. ".repeat(5000) + "a\n" + &"b\n".repeat(50_000)]
    {
        assert_eq!(write(&taken(&text)).trim_end(), text.trim_end_matches('\n').trim_end());
    }
    let line = "- - ".repeat(40) + "a";
    assert!(matches!(taken(&line)[..], [Block::List { .. }]), "as deep as that it is read");
}

#[test]
fn cells_hold_blocks_with_their_places() {
    let text = "| Data |\n|---|\n| send<br><ul><li>[x] `a \\| b`</li><li>c</li></ul><pre><code class=\"language-json\">{<br>}</code></pre> | one | more |\n";
    let [Block::Table { rows, .. }] = &taken(text)[..] else { panic!("a table") };
    let blocks = &rows[0][0].blocks;
    assert!(matches!(&blocks[0], Block::Paragraph { .. }));
    let Block::List { items, .. } = &blocks[1] else { panic!("a list") };
    assert_eq!((items[0].done, items.len()), (Some(true), 2));
    let Block::Paragraph { text: runs, .. } = &items[0].blocks[0] else { panic!("a paragraph") };
    assert!(
        matches!(&runs[..], [crate::markup::Inline::Code { at, text }] if text == "a | b" && at.column == 24)
    );
    assert!(
        matches!(&blocks[2], Block::Code { language: Some(language), text, .. } if language == "json" && text == "{\n}")
    );
    assert_eq!(rows[0].len(), 3, "cells beyond the header are not lost");
}
