use proptest::prelude::*;

use super::{read, read_noting, scan, write};
use crate::arbitrary::{self, Feature};
use crate::markup::{Block, Blocks, Cell, Inline, Inlines, Item, normal, normal_lines};
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
    assert_eq!(shown(r"a \*b\* c\\ d"), "p(a *b* c⏎d)");
    assert_eq!(shown("x &lt;5 &#92; {anchor:top}y"), "p(x <5 \\ <raw:{anchor:top}>y)");
}

#[test]
fn what_people_type_stays_text() {
    for text in [
        "a_name and other_name_too",
        "2 * 3 * 4, 2*3*4, x ** y",
        "1-2, 10 - 20 - 30, 2025-10-05, -v and -x, --flag, a -- b",
        "__init__ and *args, **kwargs",
        "{\"a\": {\"b\": [1, 2]}, \"c\": {}}",
        "GET /jobs/{id}/{status} and [ERROR] and [a|b] and [x]",
        "C:\\temp\\new \\\\server\\share \"a\\\\b\"",
        "Wow! Not now! a != b",
        "https://a.b/x_y_z?a=-1&b=*",
        "~/x ~/y m^2^ ^a$ C++ and D++ +1 and +2",
        "h1.example.com",
        "what?? really??",
        "AT&T & co; &unknown;",
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
    assert_eq!(shown("Use the {code} macro"), "p(Use the {code} macro)");
}

#[test]
fn code_that_is_never_closed_goes_to_the_end_and_is_noted() {
    let text = "a\n{code:json}\n{}\nh2. x\n";
    let mut notes = Vec::new();
    let blocks = read_noting(text, &Lines::new(text), &mut notes);
    assert_eq!(show_blocks(&blocks), "p(a) code:json({}\nh2. x)");
    assert_eq!((notes.len(), notes[0].at.line, notes[0].rule), (1, 2, "macro-not-closed"));
}

#[test]
fn lists_nest_as_their_marks_say() {
    assert_eq!(shown("# a\n#* b\n#* c\n# d"), "ol[p(a) ul[p(b); p(c)]; p(d)]");
    assert_eq!(shown("* a\n** b\n*** c\n* d"), "ul[p(a) ul[p(b) ul[p(c)]]; p(d)]");
    assert_eq!(shown("# a\n\n# b\n\n\n# c"), "ol[p(a); p(b); p(c)]");
    assert_eq!(shown("- a\n  - b\n- c"), "ul[p(a) ul[p(b)]; p(c)]");
    assert_eq!(shown("• a\n• b"), "ul[p(a); p(b)]");
    assert_eq!(shown("** a\n* b"), "ul[p(a); p(b)]");
    assert_eq!(shown("* a\n# b"), "ul[p(a)] ol[p(b)]");
    assert_eq!(shown("* [x] a\n* [ ] b"), "ul[x p(a); o p(b)]");
}

#[test]
fn items_hold_what_follows_them() {
    assert_eq!(shown("# a\n{code}\nx\n{code}\n# b\nmore"), "ol[p(a) code:(x); p(b⏎more)]");
    assert_eq!(shown("# a {code}x{code}\n# b"), "ol[p(a) code:(x); p(b)]");
    assert_eq!(shown("* a\n\ntext"), "ul[p(a)] p(text)");
    assert_eq!(shown("# Go\nExpected: ok\n# On"), "ol[p(Go⏎Expected: ok); p(On)]");
    assert_eq!(shown("- a\n*Pre-Conditions:*\n- b"), "ul[p(a)] p(<b:Pre-Conditions:>) ul[p(b)]");
    assert_eq!(shown("1. Go\n- a\n2. On"), "p(1. Go) ul[p(a)] p(2. On)");
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
    assert_eq!(shown("| no table"), "p(| no table)");
    assert_eq!(shown("||A||\n|1|\n||B||\n|2|"), "table[p(A) / p(1)] table[p(B) / p(2)]");
}

#[test]
fn places_are_those_of_the_source() {
    let text = "h2. x\n||A||\n|  {{y}}|\n# item\n{code}\nz\n{code}";
    let Block::Table { rows, .. } = &blocks(text)[1] else { panic!("a table") };
    assert_eq!(format!("{:?}", rows[0][0].at), "3:4");
    let Block::Paragraph { text: runs, .. } = &rows[0][0].blocks[0] else { panic!("a paragraph") };
    let Inline::Code { at, .. } = &runs[0] else { panic!("code") };
    assert_eq!(format!("{at:?}"), "3:6");
    let Block::List { items, .. } = &blocks(text)[2] else { panic!("a list") };
    assert_eq!(format!("{:?} {:?}", items[0].at, items[0].blocks[1].at()), "4:3 6:1");
}

/// What wiki markup holds of blocks.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a surrounding of its own")]
struct Place {
    tight: bool,
    item: bool,
    cell: bool,
    quoted: bool,
}

fn held(blocks: Blocks, place: Place) -> Blocks {
    let mut out = Blocks::new();
    for block in blocks {
        let at = At::default();
        let block = match block {
            Block::Paragraph { text, .. } => Block::Paragraph { at, text: held_lines(text) },
            Block::Heading { text, .. } if place.item && text.is_empty() => continue,
            Block::Heading { text, .. } if place.item => {
                Block::Paragraph { at, text: held_lines(vec![Inline::Strong(text)]) }
            }
            Block::Heading { level, text, .. } => Block::Heading { at, level, text: held_lines(text) },
            Block::Rule { .. } if place.item => Block::paragraph(at, "----"),
            Block::Quote { blocks, .. } if place.quoted => {
                out.extend(held(blocks, place));
                continue;
            }
            Block::Quote { blocks, .. } => {
                Block::Quote { at, blocks: held(blocks, Place { quoted: true, ..Place::default() }) }
            }
            Block::Table { .. } if place.cell => continue,
            Block::Table { header, rows, .. } => {
                let place = Place { tight: true, item: false, cell: true, ..place };
                let row = |row: Vec<Cell>| {
                    row.into_iter()
                        .map(|cell| Cell { at, blocks: held(cell.blocks, place) })
                        .collect::<Vec<_>>()
                };
                Block::Table { at, header: row(header), rows: rows.into_iter().map(row).collect() }
            }
            Block::List { start, items, .. } => {
                let place = Place { tight: true, item: true, ..place };
                let items = items.into_iter().map(|item| Item { blocks: held(item.blocks, place), ..item });
                Block::List { at, start: start.map(|_| 1), items: items.collect() }
            }
            Block::Code { language, text, .. } => {
                let language = language
                    .filter(|language| super::write::is_language(language) && !text.contains("{code}"));
                Block::Code { at, language, text }
            }
            other => other,
        };
        out.push(block);
    }
    // A list ends at an empty line or at a list of another kind, and in an item or a cell only at the latter.
    let mut kept = Blocks::new();
    for block in normal(out) {
        let follows = match (kept.last(), &block) {
            (Some(Block::List { start: one, .. }), Block::List { start: other, .. }) => {
                one.is_some() != other.is_some()
            }
            (Some(Block::List { .. }), _) => !place.tight,
            _ => true,
        };
        if follows {
            kept.push(block);
        }
    }
    kept
}

fn held_lines(text: Inlines) -> Inlines {
    let mut lines = vec![Inlines::new()];
    split(text, &mut lines, &|run| run);
    let lines = lines.into_iter().map(|line| normal_lines(line.into_iter().map(held_run).collect()));
    normal_lines(lines.collect::<Vec<_>>().join(&Inline::Break(At::default())))
}

fn split(text: Inlines, lines: &mut Vec<Inlines>, wrap: &dyn Fn(Inline) -> Inline) {
    for run in text {
        match run {
            Inline::Break(_) => lines.push(Inlines::new()),
            Inline::Strong(text) => split(text, lines, &|run| wrap(Inline::Strong(vec![run]))),
            Inline::Emphasis(text) => split(text, lines, &|run| wrap(Inline::Emphasis(vec![run]))),
            Inline::Strike(text) => split(text, lines, &|run| wrap(Inline::Strike(vec![run]))),
            other => lines.last_mut().expect("one line").push(wrap(other)),
        }
    }
}

fn held_run(run: Inline) -> Inline {
    match run {
        Inline::Strong(text) => Inline::Strong(text.into_iter().map(held_run).collect()),
        Inline::Emphasis(text) => Inline::Emphasis(text.into_iter().map(held_run).collect()),
        Inline::Strike(text) => Inline::Strike(text.into_iter().map(held_run).collect()),
        Inline::Link { url, text } => {
            let is_held = scan::is_address(&url, false) && !url.contains(['|', '[', ']', '\\', '{', ' ']);
            let url = if is_held { url } else { "https://other.example".to_owned() };
            let file = url.strip_prefix('^').map(str::to_owned);
            let text = match file {
                Some(file) if text.is_empty() => vec![Inline::Text(file)],
                None if text.is_empty() && !scan::is_address(&url, true) => vec![Inline::Text(url.clone())],
                _ => normal_lines(text.into_iter().map(one_line).map(held_run).collect()),
            };
            Inline::Link { url, text }
        }
        Inline::Image { url, text } => {
            let is_name = url.starts_with(char::is_alphanumeric) && !url.contains(['!', '|', '{', '\\']);
            let is_said = text.trim() == text && !text.contains(['!', '|', ',', '{', '\\']);
            Inline::Image {
                url: if is_name { url } else { "other.png".to_owned() },
                text: if is_said { text } else { String::new() },
            }
        }
        other => other,
    }
}

fn one_line(run: Inline) -> Inline {
    let inside = |text: Inlines| text.into_iter().map(one_line).collect();
    match run {
        Inline::Break(_) => Inline::Text(" ".to_owned()),
        Inline::Strong(text) => Inline::Strong(inside(text)),
        Inline::Emphasis(text) => Inline::Emphasis(inside(text)),
        Inline::Strike(text) => Inline::Strike(inside(text)),
        Inline::Image { url, text } => {
            Inline::Image { url: url.replace(['[', ']'], ""), text: text.replace(['[', ']'], "") }
        }
        other => other,
    }
}

const FEATURES: &[Feature] = &[
    Feature::Tasks,
    Feature::NestedMarks,
    Feature::Images,
    Feature::Quotes,
    Feature::Containers,
    Feature::BareItems,
    Feature::CellBlocks,
    Feature::RaggedTables,
    Feature::Tables,
    Feature::AnyLanguage,
    Feature::AdjacentLists,
];

proptest! {
    #[test]
    fn what_is_written_is_read_again(blocks in arbitrary::blocks(FEATURES)) {
        let blocks = held(blocks, Place::default());
        let text = write(&blocks);
        let read = super::tests::blocks(&text);
        prop_assert_eq!(show_blocks(&read), show_blocks(&blocks), "written:\n{}", text);
        prop_assert_eq!(read, blocks, "written:\n{}", text);
    }

    #[test]
    fn any_text_is_read_into_what_is_written_and_read_again(text in arbitrary::source()) {
        let once = held(normal(blocks(&text)), Place::default());
        let written = write(&once);
        prop_assert_eq!(show_blocks(&blocks(&written)), show_blocks(&once), "written:\n{}", written);
    }
}
