//! What hostile texts are made of.

use casebook_ticket::Format;

/// What nests, begins something that does not end, or looks like text in a wrong encoding.
pub(crate) const DEEP: &[&str] = &[
    "*",
    "_",
    "{*}",
    "[",
    "[a|",
    "{{",
    "{code}",
    "{quote}",
    "{panel}",
    "|",
    "||a",
    "|a\n\n",
    "!",
    "!a",
    "\\\\",
    "\\\\ ",
    "> ",
    "- ",
    "* a\n",
    "  - a\n",
    "`",
    "``",
    "**a ",
    "![",
    "](",
    "<br>",
    "<ul><li>",
    "<b>",
    "<pre><code>",
    "&",
    "&#",
    "a://",
    "a://?",
    "\n",
    "\"",
    ",",
    ";",
    "{\"a\":",
    "[[",
    "{\"type\":\"blockquote\",\"content\":[",
    "{{a}} ",
    "{{a}}\\\\ ",
    "`a` ",
    "{code}a{code}",
    "-a ",
    "*a _b -c +d ",
    "??a ",
    "h1. ",
    "\u{5d0}",
    "---\n",
    "1. a\n",
    "&amp;",
    "{color:red}",
    "\\",
    "**",
    "#",
    "a:\n",
    "Given a\n",
    "×",
    "×™",
    "ÃÂ",
    "â€",
    "\u{fffd}",
    "א\u{fffd}",
    "ğŸ\n",
    "׳",
    "h2. №\n",
    "## №\n",
    "№: b\n",
    "Key: A-№\n",
    "1. a `x`\n",
    "_a",
    "\t",
];

/// Where a text of pieces stands: it is a file by itself, or in a field of one.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) format: Format,
    before: &'static str,
    escaped: fn(&str) -> String,
    behind: &'static str,
}

impl Place {
    /// A file with about so many bytes of pieces; `№` is a piece's number.
    pub(crate) fn text(&self, piece: &str, bytes: usize) -> String {
        let count = bytes / piece.len();
        let pieces = match piece.split_once('№') {
            Some((before, behind)) => (0..count)
                .flat_map(|number| [before.to_owned(), number.to_string(), behind.to_owned()])
                .collect(),
            None => piece.repeat(count),
        };
        [self.before, &(self.escaped)(&pieces), self.behind].concat()
    }
}

const fn file(name: &'static str, format: Format) -> Place {
    Place { name, format, before: "", escaped: str::to_owned, behind: "" }
}

pub(crate) const PLACES: &[Place] = &[
    file("a wiki file", Format::Wiki),
    file("a Markdown file", Format::Markdown),
    file("an ADF file", Format::Adf),
    file("a Jira JSON file", Format::JiraJson),
    file("a Jira CSV file", Format::JiraCsv),
    file("an Xray JSON file", Format::XrayJson),
    file("an Xray CSV file", Format::XrayCsv),
    Place { before: "h2. Test Steps\n", ..file("steps in wiki", Format::Wiki) },
    Place { before: "## Test Steps\n\n", ..file("steps in Markdown", Format::Markdown) },
    Place {
        before: "## Test Steps\n\n| # | Action | Data | Expected Result |\n|---|---|---|---|\n| 1 | a | ",
        escaped: |text| text.replace('\n', "<br>"),
        behind: " | b |\n",
        ..file("a cell in Markdown", Format::Markdown)
    },
    Place {
        before: "{\"type\":\"doc\",\"version\":1,\"content\":[{\"type\":\"paragraph\",\"content\":[{\"type\":\"text\",\"text\":\"",
        escaped: in_json,
        behind: "\"}]}]}",
        ..file("text in ADF", Format::Adf)
    },
    Place {
        before: "{\"key\":\"PZ-1\",\"fields\":{\"summary\":\"A test\",\"description\":\"",
        escaped: in_json,
        behind: "\"}}",
        ..file("the description in Jira JSON", Format::JiraJson)
    },
    Place {
        before: "Issue key,Summary,Description\nPZ-1,A test,\"",
        escaped: in_csv,
        behind: "\"\n",
        ..file("the description in Jira CSV", Format::JiraCsv)
    },
    Place {
        before: "[{\"testtype\":\"Manual\",\"fields\":{\"summary\":\"A test\"},\"steps\":[{\"action\":\"a\",\"data\":\"",
        escaped: in_json,
        behind: "\",\"result\":\"c\"}]}]",
        ..file("data in Xray JSON", Format::XrayJson)
    },
    Place {
        before: "[{\"testtype\":\"Cucumber\",\"fields\":{\"summary\":\"A test\"},\"gherkin_def\":\"Given a\\n",
        escaped: in_json,
        behind: "\"}]",
        ..file("Gherkin in Xray JSON", Format::XrayJson)
    },
    Place {
        before: "TCID;Test Summary;Action;Data;Result\n1;A test;a;\"",
        escaped: in_csv,
        behind: "\";c\n",
        ..file("data in Xray CSV", Format::XrayCsv)
    },
];

fn in_json(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn in_csv(text: &str) -> String {
    text.replace('"', "\"\"")
}
