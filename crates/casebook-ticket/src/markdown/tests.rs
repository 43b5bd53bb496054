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
