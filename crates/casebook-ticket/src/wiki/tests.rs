use proptest::prelude::*;

use super::held::held;
use super::{read, read_noting, write};
use crate::arbitrary::{self, Feature};
use crate::markup::{Block, Blocks, Cell, Inline, normal};
use crate::{At, Lines};

fn blocks(text: &str) -> Blocks {
    read(text, &Lines::new(text))
}

/// Structure in brackets, to compare at a glance.
fn shown(text: &str) -> String {
    show_blocks(&blocks(text))
}

fn show_blocks(blocks: &[Block]) -> String {
    let shown: Vec<_> = blocks.iter().map(show).collect();
    shown.join(" ")
}

fn show(block: &Block) -> String {
    match block {
        Block::Paragraph { text, .. } => format!("p({})", runs(text)),
        Block::Heading { level, text, .. } => format!("h{level}({})", runs(text)),
        Block::List { start, items, .. } => {
            let items: Vec<_> = items
                .iter()
                .map(|item| {
                    let done = item.done.map_or("", |done| if done { "x " } else { "o " });
                    format!("{done}{}", show_blocks(&item.blocks))
                })
                .collect();
            format!("{}[{}]", if start.is_some() { "ol" } else { "ul" }, items.join("; "))
        }
        Block::Table { header, rows, .. } => {
            let row = |row: &Vec<Cell>| {
                row.iter().map(|cell| show_blocks(&cell.blocks)).collect::<Vec<_>>().join(" | ")
            };
            let rows: Vec<_> = std::iter::once(header).chain(rows).map(row).collect();
            format!("table[{}]", rows.join(" / "))
        }
        Block::Code { language, text, .. } => format!("code:{}({text})", language.as_deref().unwrap_or("")),
        Block::Quote { blocks, .. } => format!("quote[{}]", show_blocks(blocks)),
        Block::Rule { .. } => "rule".to_owned(),
        Block::Raw { text, .. } => format!("raw({text})"),
    }
}

fn runs(runs: &[Inline]) -> String {
    runs.iter()
        .map(|run| match run {
            Inline::Text(text) => text.clone(),
            Inline::Strong(text) => format!("<b:{}>", self::runs(text)),
            Inline::Emphasis(text) => format!("<i:{}>", self::runs(text)),
            Inline::Strike(text) => format!("<s:{}>", self::runs(text)),
            Inline::Code { text, .. } => format!("<code:{text}>"),
            Inline::Link { url, text } => format!("<a:{url}:{}>", self::runs(text)),
            Inline::Image { url, text } => format!("<img:{url}:{text}>"),
            Inline::Break(_) => "⏎".to_owned(),
            Inline::Raw { text, .. } => format!("<raw:{text}>"),
        })
        .collect()
}

#[test]
fn marks_are_read() {
    assert_eq!(shown("*b* _i_ -s- +u+ ??c??"), "p(<b:b> <i:i> <s:s> <i:u> <i:c>)");
    assert_eq!(shown("*b _i_*, (*x*)"), "p(<b:b <i:i>>, (<b:x>))");
    assert_eq!(shown("un{*}bold{*}ly {_}i {_}x"), "p(un<b:bold>ly <i:i> x)");
    assert_eq!(shown("**Objective:** x"), "p(<b:Objective:> x)");
    assert_eq!(shown("+*Objective*+"), "p(<i:<b:Objective>>)");
    assert_eq!(shown("_a +b+ c_, *a *b* c"), "p(<i:a b c>, *a <b:b> c)");
    assert_eq!(shown("{color:#ff0000}*Key:*{color} v"), "p(<b:Key:> v)");
    assert_eq!(shown("*{color:red}Key{color}*"), "p(<b:Key>)");
    assert_eq!(
        shown("{{GET /x}} {{{\"a\":1}}} {{{}y{}}} {{a\\|b}}"),
        "p(<code:GET /x> <code:{\"a\":1}> <code:y> <code:a|b>)"
    );
    assert_eq!(
        shown("[site|https://a.b/c_d_e] [https://a.b] [~roy] [^log.txt]"),
        "p(<a:https://a.b/c_d_e:site> <a:https://a.b:> <raw:[~roy]> <a:^log.txt:log.txt>)"
    );
    assert_eq!(shown("!a b.png|thumbnail! !x.gif!"), "p(<img:a b.png:> <img:x.gif:>)");
    assert_eq!(shown("[ the site |https://a.b]"), "p(<a:https://a.b:the site>)");
    assert_eq!(shown("{{{}{}}} is nothing"), "p({{{}{}}} is nothing)");
    assert_eq!(shown(r"a \*b\* c\\ d"), "p(a *b* c⏎d)");
    assert_eq!(shown("x &lt;5 &#92; {anchor:top}y"), "p(x <5 \\ <raw:{anchor:top}>y)");
}

#[test]
fn forced_line_ends_have_nothing_blank_around_them() {
    assert_eq!(shown(r"a \\  b"), "p(a⏎b)");
    assert_eq!(shown(r"*a* \\ \\ b\\"), "p(<b:a>⏎b)");
    assert_eq!(shown("a\\\\\nb"), "p(a⏎b)");
    assert_eq!(shown(r"\\ a"), "p(a)");
    assert_eq!(format!("{:?}", blocks(r"\\ a")[0].at()), "1:4");
}

#[test]
fn marks_with_nothing_between_are_text_or_nothing() {
    assert_eq!(shown("a{*}{*}b {*} {*}c"), "p(ab  c)");
    assert_eq!(shown("a **** b * * c"), "p(a **** b * * c)");
}

#[test]
fn what_people_type_stays_text() {
    for text in [
        "a_name and other_name_too",
        "2 * 3 * 4, 2*3*4, x ** y",
        "1-2, 10 - 20 - 30, 2025-10-05, -v and -x, --flag, a -- b",
        "__init__ and *args, **kwargs",
        "{\"a\": {\"b\": [1, 2]}, \"c\": {}}",
        "GET /jobs/{id}/{status} and [ERROR] and [a|b] and [x] and [note:this]",
        "C:\\temp\\new \\\\server\\share \"a\\\\b\" C:\\\\Temp a\\\\\\B",
        "Wow! Not now! a != b, !now .then! or never",
        "from -5 °C to low- and mid-range, +5 or more+",
        "https://a.b/x_y_z?a=-1&b=*",
        "~/x ~/y m^2^ ^a$ C++ and D++ +1 and +2",
        "h1.example.com",
        "what?? really??",
        "AT&T & co; &unknown; &#0; &#13;",
    ] {
        let read = blocks(text);
        assert_eq!(read, [Block::paragraph(At::default(), text)], "{}", show_blocks(&read));
    }
}

#[test]
fn lines_of_plain_text_are_one_paragraph() {
    assert_eq!(
        shown("Objective: see\r\n  Steps: 1) Go | Data: x\r\n1. a\r\n\r\nEnd"),
        "p(Objective: see⏎Steps: 1) Go | Data: x⏎1. a) p(End)"
    );
    assert_eq!(shown("{\n  \"a\": 1\n}"), "p({⏎\"a\": 1⏎})");
}

#[test]
fn blocks_are_read() {
    assert_eq!(shown("h2. One\nh3.Two\nh1. *Three*\ntext"), "h2(One) h3(Two) h1(<b:Three>) p(text)");
    assert_eq!(shown("h2.*One*\nh2.3 is no heading"), "h2(<b:One>) p(h2.3 is no heading)");
    assert_eq!(shown("a\n----\nb\n--- \n"), "p(a) rule p(b⏎---)");
    assert_eq!(shown("bq. Said\nthen"), "quote[p(Said)] p(then)");
    assert_eq!(shown("{quote}\na\n\n* b\n{quote}\nc"), "quote[p(a) ul[p(b)]] p(c)");
    assert_eq!(shown("{panel:title=Objective|bgColor=#fff}\ntext\n{panel}"), "p(<b:Objective>) p(text)");
    assert_eq!(
        shown("{toc}\n{expand:title=x}\nin\n{expand}"),
        "raw({toc}) raw({expand:title=x}) p(in) raw({expand})"
    );
}

#[test]
fn code_is_kept_as_it_is() {
    assert_eq!(shown("{code:json|title=x}\r\n{\r\n  *a*\r\n}\r\n{code}"), "p(x) code:json({\n  *a*\n})");
    assert_eq!(shown("{code:title=a.py|language=python}\nx\n{code}"), "p(a.py) code:python(x)");
    assert_eq!(shown("Send {code}x{code} now"), "p(Send) code:(x) p(now)");
    assert_eq!(shown("{noformat}\n\n a\n\n{noformat}"), "code:(\n a\n)");
    assert_eq!(shown("{code}\n  {code}"), "code:()");
    assert_eq!(shown("Use the {code} macro"), "p(Use the {code} macro)");
    assert_eq!(shown("# {quote} is a macro"), "ol[p({quote} is a macro)]");
}

#[test]
fn code_that_is_never_closed_goes_to_the_end_and_is_noted() {
    let text = "a\n{code:json}\n{}\nh2. x\n";
    let mut notes = Vec::new();
    let blocks = read_noting(text, &Lines::new(text), &mut notes);
    assert_eq!(show_blocks(&blocks), "p(a) code:json({}\nh2. x)");
    assert_eq!((notes.len(), notes[0].at.line, notes[0].rule), (1, 2, "macro-not-closed"));
    assert_eq!(shown("{code}a\nb"), "code:(a\nb)");
    assert_eq!(shown("{quote} a"), "p(a)");
}

#[test]
fn lists_nest_as_their_marks_say() {
    assert_eq!(shown("# a\n#* b\n#* c\n# d"), "ol[p(a) ul[p(b); p(c)]; p(d)]");
    assert_eq!(shown("* a\n** b\n*** c\n* d"), "ul[p(a) ul[p(b) ul[p(c)]]; p(d)]");
    assert_eq!(shown("# a\n\n# b\n\n\n# c"), "ol[p(a); p(b); p(c)]");
    assert_eq!(shown("- a\n  - b\n- c"), "ul[p(a) ul[p(b)]; p(c)]");
    assert_eq!(shown("• a\n• b"), "ul[p(a); p(b)]");
    assert_eq!(shown("- a\n - b"), "ul[p(a); p(b)]");
    assert_eq!(shown("** a\n* b"), "ul[p(a); p(b)]");
    assert_eq!(shown("* a\n# b"), "ul[p(a)] ol[p(b)]");
    assert_eq!(shown("* [x] a\n* [ ] b"), "ul[x p(a); o p(b)]");
}

#[test]
fn lists_nest_no_deeper_than_anybody_follows() {
    let text: Vec<_> = (1..=40).map(|depth| format!("{} a", "*".repeat(depth))).collect();
    let shown = shown(&text.join("\n"));
    assert_eq!(shown.matches("ul[").count(), 32, "{shown}");
    assert_eq!(shown.matches("p(a)").count(), 40, "{shown}");
}

#[test]
fn items_hold_what_follows_them() {
    assert_eq!(shown("# a\n{code}\nx\n{code}\n# b\nmore"), "ol[p(a) code:(x); p(b⏎more)]");
    assert_eq!(shown("# a {code}x{code}\n# b"), "ol[p(a) code:(x); p(b)]");
    assert_eq!(shown("* a\n\ntext"), "ul[p(a)] p(text)");
    assert_eq!(shown("# Go\nExpected: ok\n# On"), "ol[p(Go⏎Expected: ok); p(On)]");
    assert_eq!(shown("- a\n*Pre-Conditions:*\n- b"), "ul[p(a)] p(<b:Pre-Conditions:>) ul[p(b)]");
    assert_eq!(shown("1. Go\n- a\n2. On"), "p(1. Go) ul[p(a)] p(2. On)");
    assert_eq!(shown("# Go\nExpected Result:\nok"), "ol[p(Go)] p(Expected Result:⏎ok)");
    assert_eq!(shown("# \\\\\nGo"), "ol[p(Go)]");
    let long = "Words that go on and on until nobody takes them for a key any more: a";
    assert_eq!(shown(&format!("- a\n{long}")), format!("ul[p(a⏎{long})]"));
}

#[test]
fn tables_are_read_as_people_write_them() {
    assert_eq!(shown("||A||B||\n|1|2|\n| |x|"), "table[p(A) | p(B) / p(1) | p(2) /  | p(x)]");
    assert_eq!(shown("||A||B\n|1|2\nend"), "table[p(A) | p(B) / p(1) | p(2⏎end)]");
    assert_eq!(
        shown("||A||B||\n|1|* a\n* b\n\nmore|\n|3|4|\n\nend"),
        "table[p(A) | p(B) / p(1) | ul[p(a); p(b)] p(more) / p(3) | p(4)] p(end)"
    );
    assert_eq!(
        shown("|{{a|b}}|[t|http://x]|!a.png|thumbnail!|{code}\n|x|\n{code}|a\\|b|"),
        "table[ / p(<code:a|b>) | p(<a:http://x:t>) | p(<img:a.png:>) | code:(|x|) | p(a|b)]"
    );
    assert_eq!(
        shown("||Name|value|\n||Other|thing|"),
        "table[ / p(<b:Name>) | p(value) / p(<b:Other>) | p(thing)]"
    );
    assert_eq!(shown("|1||3|"), "table[ / p(1) |  | p(3)]");
    assert_eq!(shown("|A|B|\n|---|:--|\n|1|2|"), "table[p(A) | p(B) / p(1) | p(2)]");
    assert_eq!(shown("|1|2|\n|3|4|\n|---|---|"), "table[ / p(1) | p(2) / p(3) | p(4) / p(---) | p(---)]");
    assert_eq!(shown("||*Name*|value|"), "table[ / p(<b:Name>) | p(value)]");
    assert_eq!(shown("||A||\n||B||\n|1|"), "table[p(A)] table[p(B) / p(1)]");
    assert_eq!(shown("|a|b\nh1. t"), "table[ / p(a) | p(b)] h1(t)");
    assert_eq!(shown("| no table"), "p(| no table)");
    assert_eq!(shown("||A||\n|1|\n||B||\n|2|"), "table[p(A) / p(1)] table[p(B) / p(2)]");
}

#[test]
fn tables_that_were_pasted_with_tabs_are_read() {
    assert_eq!(
        shown("Test Steps:\n#\tAction\tData\tExpected Result\n1\t*Open*\t\tpage\n2\tLook\ty\tview\nend"),
        "p(Test Steps:) table[p(#) | p(Action) | p(Data) | p(Expected Result) / p(1) | p(<b:Open>) |  | p(page) / p(2) | p(Look) | p(y) | p(view)] p(end)"
    );
    assert_eq!(shown("a\tb\n1\t2"), "p(a\tb⏎1\t2)");
    let text = [Block::paragraph(At::default(), "Step\tExpected\na\tb")];
    assert_eq!(blocks(&write(&text)), text, "{}", write(&text));
    let Block::Table { rows, .. } = &blocks("Step\tExpected\n\tx")[0] else { panic!("a table") };
    assert_eq!(format!("{:?} {:?}", rows[0][0].at, rows[0][1].at), "2:1 2:2");
}

#[test]
fn what_is_inside_of_macros_ends_no_row() {
    assert_eq!(shown("|a\nh1. t|{noformat}\n|\n{noformat}|\n|b|"), "table[ / p(a) h1(t) | code:(|) / p(b)]");
    assert_eq!(shown("|a\nh1. t\nx"), "p(|a) h1(t) p(x)");
}

#[test]
fn a_row_of_rules_makes_no_header() {
    let (at, rule) =
        (At::default(), || Cell { blocks: vec![Block::Rule { at: At::default() }], ..Cell::default() });
    let rows = vec![vec![Cell::default(), rule()], vec![rule(), rule()]];
    let table = [Block::Table { at, header: Vec::new(), rows }];
    assert_eq!(blocks(&write(&table)), table, "{}", write(&table));
}

#[test]
fn marks_behind_a_marker_begin_no_item() {
    let at = At::default();
    let text = |words: &str| Inline::Text(words.to_owned());
    for marker in ["#", "*", "-", "-#"] {
        for marked in [Inline::Strong(vec![text("# a")]), Inline::Strike(vec![text("# a")])] {
            let paragraph = [Block::Paragraph { at, text: vec![text(marker), marked] }];
            assert_eq!(blocks(&write(&paragraph)), paragraph, "{}", write(&paragraph));
        }
    }
}

#[test]
fn places_are_those_of_the_source() {
    let text = "h2. x\n||A||\n|  {{y}}|\n# item\n{code}\nz\n{code}";
    let Block::Table { rows, .. } = &blocks(text)[1] else { panic!("a table") };
    assert_eq!(format!("{:?}", rows[0][0].at), "3:4");
    let Block::Paragraph { text: runs, .. } = &rows[0][0].blocks[0] else { panic!("a paragraph") };
    let Inline::Code { at, .. } = &runs[0] else { panic!("code") };
    assert_eq!(format!("{at:?}"), "3:6");
    let Block::Table { rows, .. } = &blocks("|  |x|")[0] else { panic!("a table") };
    assert_eq!(
        format!("{:?} {:?}", rows[0][0].at, rows[0][1].at),
        "1:2 1:5",
        "an empty cell begins at its bar"
    );
    let Block::List { items, .. } = &blocks(text)[2] else { panic!("a list") };
    assert_eq!(format!("{:?} {:?}", items[0].at, items[0].blocks[1].at()), "4:3 6:1");
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(blocks in arbitrary::blocks(Feature::ALL)) {
        let blocks = held(blocks);
        let text = write(&blocks);
        let read = super::tests::blocks(&text);
        prop_assert_eq!(show_blocks(&read), show_blocks(&blocks), "written:\n{}", text);
        prop_assert_eq!(read, blocks, "written:\n{}", text);
    }

    #[test]
    fn any_text_is_read_into_what_is_written_and_read_again(text in arbitrary::source()) {
        let once = held(normal(blocks(&text)));
        let written = write(&once);
        prop_assert_eq!(show_blocks(&blocks(&written)), show_blocks(&once), "written:\n{}", written);
    }
}
