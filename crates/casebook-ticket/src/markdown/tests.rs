use proptest::prelude::*;

use super::*;
use crate::Lines;
use crate::arbitrary::{self, Feature};
use crate::markup::normal;

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
