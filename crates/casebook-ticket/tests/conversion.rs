//! Rich documents go from wiki markup to Markdown and ADF and back, and say the same.

use casebook_ticket::markup::{Blocks, normal};
use casebook_ticket::{Lines, adf, markdown, wiki};

const DOCUMENT: &str = r#"*Objective:* the server answers {{POST /configure}} with 503 _at once_, -never- with 200

h3. Test Data

{code:json}
{"channels": {"min": 1, "max": 10}, "view": "live|historic"}
{code}

* first
** second, with [a link|https://docs.example/a_b]
*# numbered
* third
more of the third

||#||Action||Expected Result||
|1|Block the broker|{{metric a|b}}
 second line|
|2|* one
* two|{noformat}
503 {
}
{noformat}|

{quote}
Said once.

* twice
{quote}

----

C:\dir, a_name, 1-2, 2 * 3 and \*stars\*
"#;

fn from_wiki(text: &str) -> Blocks {
    normal(wiki::read(text, &Lines::new(text)))
}

fn from_markdown(text: &str) -> Blocks {
    normal(markdown::read(text, &Lines::new(text)))
}

#[test]
fn wiki_is_written_as_it_was_read() {
    let blocks = from_wiki(DOCUMENT);
    let written = wiki::write(&blocks);
    assert_eq!(from_wiki(&written), blocks, "{written}");
}

#[test]
fn markdown_says_what_wiki_says() {
    let blocks = from_wiki(DOCUMENT);
    let written = markdown::write(&blocks);
    assert_eq!(from_markdown(&written), blocks, "{written}");
    assert_eq!(from_wiki(&wiki::write(&from_markdown(&written))), blocks);
}

#[test]
fn adf_says_what_wiki_says() {
    let blocks = from_wiki(DOCUMENT);
    let written = adf::write(&blocks).to_string();
    let read = normal(adf::read(&written, &Lines::new(&written)).expect("a document"));
    assert_eq!(read, blocks, "{written}");
    assert_eq!(from_wiki(&wiki::write(&read)), blocks);
}
