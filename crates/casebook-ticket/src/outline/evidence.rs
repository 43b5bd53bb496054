//! Whether a document is a test case at all.
//!
//! It is decided by evidence, in points. What only tests have speaks for a test: steps (3), a test type (3),
//! pre-conditions, post-conditions, assertions (2 each), other fields of a test (1 each), a title that tests or
//! verifies (1). What other documents have speaks for them: a title that is the name of such a document (5) or has a word
//! of one (3), an issue type that says so, and headings such as *Actual Result*, *User Story* or *Installation*.
//!
//! A document is refused only when the evidence for something else is 3 points or more and outweighs that for a test;
//! when nothing at all speaks for a test, no key either; or when it is a template in which nothing was filled in. In
//! doubt it is a ticket: a sparse ticket that is audited costs a reader less than a test that is not.

use std::sync::LazyLock;

use regex::Regex;

use crate::markup::{Block, plain_blocks};
use crate::message::{Message, message};
use crate::{Field, Name, NoTestKind, Section};

use super::title::Title;

/// What is known about a document.
pub(super) struct Document<'a> {
    /// Its title, as it stood.
    pub(super) title: &'a str,
    /// Its sections, each with its heading as it stood.
    pub(super) sections: &'a [(Section, String)],
}

/// Points for one kind, and what the first of them was told by.
struct Points {
    kind: NoTestKind,
    count: u32,
    /// Whether the title is the name of such a document.
    is_named: bool,
    told_by: Option<Message>,
}

struct Words {
    kind: NoTestKind,
    /// A title that is the name of such a document, up to where more of it may follow.
    name: Regex,
    /// A word in a title.
    title: Regex,
    headings: Regex,
    strong_headings: Regex,
    issue_type: Regex,
}

static KINDS: LazyLock<[Words; 4]> = LazyLock::new(|| {
    let words = |kind, name: &str, title: &str, headings: &str, strong: &str, issue_type: &str| Words {
        kind,
        name: named(name),
        title: words(title),
        headings: whole(headings),
        strong_headings: whole(strong),
        issue_type: whole(issue_type),
    };
    [
        words(
            NoTestKind::Bug,
            NOTHING,
            r"^\W*bug\b|\[bug\]|\bbug (report|template)|defect|באג|תקלה",
            r"severity|root cause( analysis)?|workaround|affected versions?|affects versions?|regression|stack trace|fix( version)?|חומרה|סיבת שורש",
            r"actual( results?| behaviou?r| outcome)?|(steps )?to reproduce|reproduction( steps)?|how to reproduce|describe the bug|bug (description|report)|current behaviou?r|reproducib\w+|תוצאה בפועל|שחזור|צעדים לשחזור|שלבים לשחזור",
            "bug|defect|incident|באג|תקלה",
        ),
        words(
            NoTestKind::Epic,
            NOTHING,
            r"\bepic\b|user story|^\W*story\b|\bas an? .{1,60} i (want|need|can)\b|אפיק|סיפור משתמש",
            r"(in |out of )?scope|out of scope|business value|stakeholders?|child issues|sub-?tasks|milestones?|timeline|definition of done|deliverables|success metrics|roadmap|background|תכולה|אבני דרך",
            r"epic( name| link| goal| description)?|user stor(y|ies)|story points?|stories( in (this )?epic)?|סיפורי משתמש|סיפור משתמש",
            "epic|story|user story|task|sub-?task|improvement|new feature|initiative|spike|סיפור|משימה",
        ),
        words(
            NoTestKind::Guide,
            r"(?:how[ -]to (?:write|create|design|document|structure|name|review|report|import|export|run|execute|automate)|writing|guide(?:lines)?|conventions|best practices)\b.*\b(?:tests?|test cases?|tickets?)",
            r"\b(guide|how[- ]to|readme|tutorial|handbook|cheat ?sheet|meeting|minutes|agenda|notes|changelog|faq|retro(spective)?|onboarding|documentation)\b|מדריך|פגישה|ישיבה|הסבר",
            r"introduction|contents|summary of changes|troubleshooting|best practices|examples?|next steps|decisions?|discussion|notes|faq|references|support|הקדמה|החלטות",
            r"installation|install|usage|getting started|quick ?start|table of contents|licen[cs]e|contributing|attendees|participants|agenda|action items|משתתפים|סדר יום|משימות המשך|התקנה|שימוש",
            "documentation|meeting",
        ),
        words(
            NoTestKind::Guide,
            r"(?:(?:master|system|regression|acceptance|integration|performance|smoke|load|qa|uat) )?test(?:ing)? (?:plan|strategy|approach|policy|(?:summary )?report|results?|matrix)|(?:run|play) ?book|(?:(?:requirements?|test) )?(?:traceability|coverage) matrix|תוכנית בדיקות|אסטרטגיית בדיקות|תוצאות בדיקות",
            r"^\W*(?:test (?:plan|strategy|report)|(?:run|play) ?book) ?[:|–—]",
            r"(in |out of )?scope|out of scope|entry criteria|exit criteria|schedule|resources|staffing|test environments?|approach|roles( and responsibilities)?|deliverables|introduction|impact",
            r"test (strategy|approach|deliverables|schedule|levels)|suspension( and resumption)? criteria|features (not )?to be tested|symptoms?|escalation|mitigation|diagnosis|rollback( plan)?",
            "test plan|test execution|test set",
        ),
    ]
});

/// A pattern that matches nothing.
const NOTHING: &str = r"[^\s\S]";

/// The name of a document, and what it may be of: `Test Plan for release 4.2`, `Test Results 2024-03-04`.
fn named(pattern: &str) -> Regex {
    words(&format!(r"^\W*(?:{pattern})(?:\W*$|\s+(?:for|of)\b|\W+v?[0-9])"))
}

fn words(pattern: &str) -> Regex {
    Regex::new(&format!("(?i){pattern}")).expect("it is a constant, and tested")
}

fn whole(pattern: &str) -> Regex {
    Regex::new(&format!(r"(?i)^\W*(?:[0-9]+[.)]?\s*)?(?:{pattern})\W*$"))
        .expect("it is a constant, and tested")
}

static STORY: LazyLock<Regex> = LazyLock::new(|| words(r"\bas an? [^.\n]{1,80}\bi (want|need|would like)\b"));
/// What makes a sentence of a title: `Test plan of a guest is shown` is no test plan.
static PREDICATE: LazyLock<Regex> = LazyLock::new(|| {
    words(
        r"\b(is|are|was|were|be|can|cannot|can't|must|should|shall|will|has|have|does|works?|opens?|shows?|fails?|loads?|returns?|rejects?|accepts?|keeps?|survives?|appears?|changes?|verif\w+|valid\w+)\b",
    )
});
static TESTS: LazyLock<Regex> = LazyLock::new(|| {
    words(r"\b(test|tests|testing|verify|verifies|validate|validates|check that)\b|טסט|בדיקת|לוודא|וידוא")
});
static ISSUE_TYPE: LazyLock<Regex> = LazyLock::new(|| whole("(issue )?type|issuetype|סוג( הטיקט)?"));

/// Whether a key's words are over a section of another document, so that it ends a test's section.
pub(super) fn is_heading(words: &str) -> bool {
    static ANY: LazyLock<Regex> = LazyLock::new(|| whole("notes|remarks|comments|risks?|הערות|סיכונים"));
    let [bug, ..] = &*KINDS;
    ANY.is_match(words)
        || bug.headings.is_match(words)
        || KINDS.iter().any(|kind| kind.strong_headings.is_match(words))
}

/// What a document is instead of a test, and the sentence that says why; none when it is a test.
pub(super) fn against(document: &Document<'_>) -> Option<(NoTestKind, Message)> {
    let issue_type = document.sections.iter().find_map(|(section, heading)| {
        matches!(section.name, Name::Other(_)).then_some(())?;
        ISSUE_TYPE.is_match(heading).then(|| plain_blocks(&section.body))
    });
    if let Some(issue_type) = &issue_type
        && let Some(words) = KINDS.iter().find(|words| words.issue_type.is_match(issue_type))
    {
        return Some((words.kind, message!(issue_type, name = issue_type.trim())));
    }
    let points = KINDS.iter().map(|words| points(words, document)).max_by_key(|points| points.count);
    let shared = points.as_ref().map_or(Shared::Nothing, |points| match points.kind {
        _ if points.is_named => Shared::StepsAndConditions,
        NoTestKind::Bug if points.count >= 4 => Shared::Steps,
        _ => Shared::Nothing,
    });
    let test = for_test(document, shared)
        + if issue_type.is_some_and(|text| text.trim().eq_ignore_ascii_case("test")) { 5 } else { 0 };
    if is_unfilled(document) {
        return Some((NoTestKind::Template, message!(only_a_template)));
    }
    if let Some(Points { kind, count, told_by: Some(told_by), .. }) = points
        && count >= 3
        && count > test
    {
        return Some((kind, told_by));
    }
    (test == 0 && !has_key(document) && metadata(document) < 2)
        .then(|| (NoTestKind::Guide, message!(neither_key_nor_heading)))
}

fn points(words: &Words, document: &Document<'_>) -> Points {
    let title = Title::of(document.title).summary;
    let is_named = words.name.find(&title).is_some_and(|name| !PREDICATE.is_match(&title[name.end()..]));
    let mut points = Points { kind: words.kind, count: 0, is_named, told_by: None };
    let mut add = |count: u32, told_by: Message| {
        points.count += count;
        points.told_by.get_or_insert(told_by);
    };
    if is_named {
        add(5, message!(titled, title = document.title));
    } else if words.title.is_match(document.title) {
        add(3, message!(titled, title = document.title));
    }
    for (section, heading) in document.sections {
        if words.strong_headings.is_match(heading) {
            add(2, message!(has_heading, heading = heading));
        } else if words.headings.is_match(heading) {
            add(1, message!(has_heading, heading = heading));
        }
        let is_prose =
            matches!(&section.name, Name::Other(_) | Name::Field(Field::Description | Field::Summary));
        if words.kind == NoTestKind::Epic && is_prose {
            let text = section.body.iter().take(3).map(|block| plain_blocks(std::slice::from_ref(block)));
            if text.into_iter().any(|text| STORY.is_match(&text)) {
                add(3, message!(tells_a_story));
            }
        }
    }
    points
}

/// What a document of another kind has as tests have it, so that it speaks for none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    Nothing,
    Steps,
    /// A guide's steps have prerequisites, too, and a runbook's a way back.
    StepsAndConditions,
}

fn for_test(document: &Document<'_>, shared: Shared) -> u32 {
    let fields = document.sections.iter().map(|(section, _)| match &section.name {
        Name::Field(Field::TestSteps) if shared != Shared::Nothing => 0,
        Name::Field(Field::PreConditions | Field::PostConditions) if shared == Shared::StepsAndConditions => {
            0
        }
        Name::Field(Field::TestSteps | Field::TestType) => 3,
        Name::Field(Field::PreConditions | Field::PostConditions | Field::Assertions) => 2,
        Name::Field(
            Field::ExpectedResult
            | Field::Objective
            | Field::TestData
            | Field::AutomationStatus
            | Field::ExecutionCommand
            | Field::RecoveryValidation
            | Field::TestResults,
        ) => 1,
        _ => 0,
    });
    fields.sum::<u32>() + u32::from(TESTS.is_match(document.title))
}

fn section<'a>(document: &'a Document<'_>, field: &Field) -> Option<&'a Section> {
    document
        .sections
        .iter()
        .map(|(section, _)| section)
        .find(|section| section.name == Name::Field(field.clone()))
}

fn has_key(document: &Document<'_>) -> bool {
    let key = section(document, &Field::Key).map(|section| plain_blocks(&section.body));
    key.is_some_and(|key| !is_placeholder(&key) && key.contains(char::is_numeric))
}

fn metadata(document: &Document<'_>) -> usize {
    let fields = [
        Field::Priority,
        Field::Labels,
        Field::Status,
        Field::Reporter,
        Field::Assignee,
        Field::Requirements,
    ];
    fields.iter().filter(|field| section(document, field).is_some()).count()
}

/// Whether all that there is are headings, and at most what a template has in their places.
fn is_unfilled(document: &Document<'_>) -> bool {
    let fields =
        document.sections.iter().filter(|(section, _)| matches!(section.name, Name::Field(_))).count();
    let title = Field::Summary;
    let bodies = document.sections.iter().filter(|(section, _)| section.name != Name::Field(title.clone()));
    let named =
        section(document, &title).is_some_and(|section| !is_generic_title(&plain_blocks(&section.body)));
    fields >= 2
        && !has_key(document)
        && !named
        && bodies.into_iter().all(|(section, _)| section.body.iter().all(is_empty_block))
}

fn is_generic_title(text: &str) -> bool {
    static GENERIC: LazyLock<Regex> = LazyLock::new(|| {
        words(
            r"\b(template|title|summary|name)\b|^\W*(test|test case|ticket|new test( case)?|xray test)\W*$|תבנית|^\W*(טסט|טיקט)\W*$",
        )
    });
    is_placeholder(text) || GENERIC.is_match(text)
}

fn is_empty_block(block: &Block) -> bool {
    match block {
        Block::Paragraph { text, .. } | Block::Heading { text, .. } => crate::markup::plain(text)
            .lines()
            .all(|line| is_placeholder(line.rsplit(':').next().unwrap_or(line))),
        Block::List { items, .. } => items.iter().all(|item| item.blocks.iter().all(is_empty_block)),
        Block::Table { rows, .. } => rows.iter().all(|row| {
            row.iter().all(|cell| {
                let text = plain_blocks(&cell.blocks);
                is_placeholder(&text) || text.trim().bytes().all(|byte| byte.is_ascii_digit())
            })
        }),
        Block::Code { text, .. } | Block::Raw { text, .. } => text.lines().all(is_placeholder),
        Block::Quote { blocks, .. } => blocks.iter().all(is_empty_block),
        Block::Rule { .. } => true,
    }
}

/// Whether a text only keeps a place: nothing, `TBD`, `<what is tested>`, `{...}`, `High | Low`, `Describe the step`.
fn is_placeholder(text: &str) -> bool {
    static PLACES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?ix)
            ^\W*$
            | ^\W*(tbd|tba|todo|n/?a|none|xx+|fill(\ me)?\ in|placeholder|[A-Z]+-X+|להשלים|למלא)\W*$
            | ^\s*(\[[^\]]*\]|\{[^}]*\}|<[^>]*>|\.\.\.|…)\s*$
            | ^\W*[\p{L}-]+(\s*[|/]\s*[\p{L}-]+)+\W*$
            | ^\W*(please\ )?(describe|תארו|תאר)\ (the|a|an|any|each|every|what|how|which|where|when|why|here|את|מה|איך|כאן)\b.*$
        ")
        .expect("it is a constant, and tested")
    });
    text.len() < 400 && PLACES.is_match(text)
}
