//! Valid files with bytes flipped, cut, repeated and spliced: whatever comes of it is read or refused, every position
//! that is told lies in the text, and what was read can be written.

use casebook_ticket::markup::{Block, Inline};
use casebook_ticket::{At, Format, Found, Source, Standard, Ticket, encoding, formats, steps};
use proptest::prelude::*;
use proptest::sample::Index;

const FIXTURES: &[(Format, &str)] = &[
    (
        Format::Wiki,
        "h1. PZ-1 Broker lost\n*Objective:* _v_ -s- {{GET /x}} [a|https://b.example] !c.png|thumbnail!\n# one\n#* [x] two\n\
         Expected Result: none\n{code:json}\n{\"a\": 1}\n{code}\n||#||Action||Expected||\n|1|{quote}x{quote} \\\\ y|* z\n* w|\n\
         {panel:title=T}\np\n{panel}\nbq. q\n----\n• bullet\n{toc}\n1) Action: a | Data: b | Expected: c\n",
    ),
    (
        Format::Markdown,
        "---\nkey: PZ-1\nsummary: \"A test: one\"\nlabels: [a, b]\nown:\n  x: 1\n---\n\n## Objective\n\n**a** _b_ `c` [d](https://e.example \"t\") \
         ![f](g.png)\n\n1. one\n   - [ ] two\n\n```json\n{\"a\": 1}\n```\n\n| # | Action |\n|---|---|\n| 1 | x<br>y<ul><li>z</li></ul> | more |\n\n\
         > quoted\n> <!-- c -->\n\n---\nkey: PZ-2\n---\n\n### Test Steps\n\nGiven a\nWhen b\nThen c\n",
    ),
    (
        Format::Markdown,
        "# Test Case 3: בדיקה\n\n- **Priority:** High\n- Status: Draft\n\n**Steps**\n\n1. Action: a\n   Expected: b\n2. c → d\n\n---\n\n# Test Case 4: é\n\n\
         | Field | Value |\n|---|---|\n| Key | PZ-4 |\n\nExpected Result\n\n503 <kbd>x</kbd>\n",
    ),
    (
        Format::Adf,
        "{\"type\":\"doc\",\"version\":1,\"content\":[{\"type\":\"heading\",\"attrs\":{\"level\":2},\"content\":[{\"type\":\"text\",\"text\":\"Objective\"}]},\
         {\"type\":\"bulletList\",\"content\":[{\"type\":\"listItem\",\"content\":[{\"type\":\"paragraph\",\"content\":[{\"type\":\"text\",\"text\":\"a\\u05d0\\n\
         b\",\"marks\":[{\"type\":\"strong\"},{\"type\":\"link\",\"attrs\":{\"href\":\"u\"}}]},{\"type\":\"hardBreak\"},{\"type\":\"emoji\",\"attrs\":{\"text\":\"x\"}}]}]}]},\n\
         {\"type\":\"codeBlock\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]},{\"type\":\"table\",\"content\":[{\"type\":\"tableRow\",\"content\":[{\"type\":\"tableHeader\"}]}]}]}",
    ),
    (
        Format::JiraJson,
        "{\"names\":{\"customfield_1\":\"Objective\"},\"issues\":[{\"key\":\"PZ-1\",\"fields\":{\"summary\":\"A \\ud83d\\ude00 test\",\"description\":\"h2. Objective\\r\\nte\\\"xt\\n||a||\\n|b|\",\
         \"labels\":[\"x\"],\"customfield_1\":\"{code}\\n\\u00e9\\n{code}\",\"issuelinks\":[{\"type\":{\"outward\":\"tests\"},\"outwardIssue\":{\"key\":\"PZ-9\"}}]}},\n{\"fields\":{\"issuetype\":{\"name\":\"Bug\"}}}]}",
    ),
    (
        Format::JiraCsv,
        "Issue key,Summary,Labels,Labels,Description,Custom field (Manual Test Steps)\nPZ-1,\"A \"\"test\"\"\",x,y,\"h2. Objective\n* a\n\
         Key: b\",\"[{\"\"id\"\":1,\"\"fields\"\":{\"\"Action\"\":\"\"Send\"\"}}]\"\nPZ-2,é,,,,\n",
    ),
    (
        Format::XrayJson,
        "[{\"testtype\":\"Manual\",\"fields\":{\"summary\":\"A test\",\"description\":\"x\"},\"steps\":[{\"action\":\"a\\n* b\",\"data\":\"{{b}}\",\"result\":\"c\"}]},\n\
         {\"testtype\":\"Cucumber\",\"fields\":{\"summary\":\"B\"},\"gherkin_def\":\"Given a\"}]",
    ),
    (
        Format::XrayCsv,
        "TCID;Test Summary;Action;Data;Result\n1;A test;a;\"b\n{{x}}\";c\n1;;d;e;f\n;;g;;\n2;B;h;;\n",
    ),
];

/// What means something to one reader or another.
const PIECES: &[&str] = &[
    "|", "||", "\n", "\n\n", "{code}", "{quote}", "{{", "}}", "`", "```\n", "<br>", "<pre>", "</code>",
    "<!--", "> ", "- ", "* ", "# ", "    ", "\"", ",", ";", "{", "}", "[", "]", "\\", "\\u", "\\ud83d",
    "&amp;", "---\n", "key: ", ": ", "**", "h2. ", "\r", "\u{feff}", "\u{0}", "ש", "😀",
];

/// What is done to a file.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    Splice(Index, usize, Index, usize),
    Insert(Index, &'static str),
    Bytes(Index, Vec<u8>),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        2 => (at(), 0_u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        1 => at().prop_map(Mutation::Cut),
        2 => (at(), 1_usize..40).prop_map(|(at, length)| Mutation::Remove(at, length)),
        2 => (at(), 1_usize..40, 1_usize..6).prop_map(|(at, length, times)| Mutation::Repeat(at, length, times)),
        2 => (at(), 0..FIXTURES.len(), at(), 1_usize..80)
            .prop_map(|(at, other, from, length)| Mutation::Splice(at, other, from, length)),
        4 => (at(), prop::sample::select(PIECES)).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Mutation::Bytes(at, bytes)),
    ]
}

fn mutated(text: &str, mutations: Vec<Mutation>) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for mutation in mutations {
        let place = |at: Index| at.index(bytes.len() + 1);
        let end = |start: usize, length: usize| (start + length).min(bytes.len());
        match mutation {
            Mutation::Flip(at, bit) => {
                let at = place(at);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Mutation::Cut(at) => bytes.truncate(place(at)),
            Mutation::Remove(at, length) => drop(bytes.drain(place(at)..end(place(at), length))),
            Mutation::Repeat(at, length, times) => {
                let at = place(at);
                let piece = bytes[at..end(at, length)].repeat(times);
                bytes.splice(at..at, piece);
            }
            Mutation::Splice(at, other, from, length) => {
                let at = place(at);
                let other = FIXTURES[other].1.as_bytes();
                let from = from.index(other.len());
                bytes.splice(at..at, other[from..(from + length).min(other.len())].iter().copied());
            }
            Mutation::Insert(at, piece) => {
                let at = place(at);
                bytes.splice(at..at, piece.bytes());
            }
            Mutation::Bytes(at, piece) => {
                let at = place(at);
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// The characters of each line of a text.
struct Shape(Vec<usize>);

impl Shape {
    fn of(bytes: &[u8]) -> Self {
        let text = encoding::decode(bytes).text.replace("\r\n", "\n").replace('\r', "\n");
        Self(text.split('\n').map(|line| line.chars().count()).collect())
    }

    /// Whether a position is not known, or one of a character or of a line's end.
    fn holds(&self, at: At) -> bool {
        let line = (at.line as usize).checked_sub(1);
        line.is_none_or(|line| self.0.get(line).is_some_and(|length| at.column as usize <= length + 1))
    }
}

/// All positions in a ticket.
fn positions(ticket: &Ticket) -> Vec<At> {
    let mut all = vec![ticket.origin.at];
    for section in &ticket.sections {
        all.push(section.at);
        in_blocks(&section.body, &mut all);
        for step in steps::read(&section.body).steps {
            all.extend([step.at, step.action_at, step.data_at, step.expected_at]);
            for blocks in [step.action, step.data, step.expected] {
                in_blocks(&blocks, &mut all);
            }
        }
    }
    all
}

fn in_blocks(blocks: &[Block], all: &mut Vec<At>) {
    for block in blocks {
        all.push(block.at());
        match block {
            Block::Paragraph { text, .. } | Block::Heading { text, .. } => in_runs(text, all),
            Block::List { items, .. } => {
                for item in items {
                    all.push(item.at);
                    in_blocks(&item.blocks, all);
                }
            }
            Block::Table { header, rows, .. } => {
                for cell in header.iter().chain(rows.iter().flatten()) {
                    all.push(cell.at);
                    in_blocks(&cell.blocks, all);
                }
            }
            Block::Quote { blocks, .. } => in_blocks(blocks, all),
            Block::Code { at, language, text } => {
                for (line, text) in (0..).zip(text.lines()) {
                    all.push(at.at(line, 0));
                    // Rows of tables among lines of Gherkin are written anew, with other spaces between their cells.
                    if language.as_deref() != Some("gherkin") {
                        all.push(at.at(line, text.chars().count() as u32));
                    }
                }
            }
            Block::Rule { .. } | Block::Raw { .. } => {}
        }
    }
}

fn in_runs(runs: &[Inline], all: &mut Vec<At>) {
    for run in runs {
        match run {
            Inline::Strong(text)
            | Inline::Emphasis(text)
            | Inline::Strike(text)
            | Inline::Link { text, .. } => {
                in_runs(text, all);
            }
            Inline::Code { at, .. } | Inline::Break(at) => all.push(*at),
            Inline::Text(_) | Inline::Image { .. } | Inline::Raw { .. } => {}
        }
    }
}

proptest! {
    #[test]
    fn mutated_files_are_read_or_refused_with_positions_in_the_text(
        (number, is_told, mutations) in (0..FIXTURES.len(), any::<bool>(), prop::collection::vec(mutation(), 0..6)),
    ) {
        let (format, text) = FIXTURES[number];
        let bytes = mutated(text, mutations);
        let shape = Shape::of(&bytes);
        let standard = Standard::built_in();
        let mut tickets = Vec::new();
        let mut all = Vec::new();
        let source = Source { name: "", bytes: &bytes, format: is_told.then_some(format) };
        let result = formats::read_each(source, &standard, &mut |found| match found {
            Found::Ticket(ticket) => {
                all.extend(positions(&ticket));
                tickets.push(*ticket);
            }
            Found::NoTest(no_test) => all.push(no_test.at),
            Found::Note(note) => all.push(note.at),
        });
        all.extend(result.err().map(|error| error.at));
        let outside: Vec<_> = all.into_iter().filter(|at| !shape.holds(*at)).collect();
        prop_assert!(outside.is_empty(), "{outside:?} in {:?}", String::from_utf8_lossy(&bytes));
        for format in Format::ALL {
            for ticket in &tickets {
                // Whether the format can hold it is not the question.
                let _ = formats::write(std::slice::from_ref(ticket), *format, &standard);
            }
        }
    }
}
