//! Runs of text as ADF has them: in a row, each with all its marks.

use crate::At;
use crate::markup::{Inline, Inlines, Markup};

/// What a run is marked with; the outermost comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Strong,
    Emphasis,
    Strike,
    Link(String),
}

/// Runs in a row.
#[derive(Default)]
pub(super) struct Flat {
    /// Only texts, codes, breaks, links without a text, pictures and raw runs.
    pub(super) runs: Vec<(Vec<Mark>, Inline)>,
}

impl Flat {
    /// The same runs, without what ADF cannot hold: marks around code and breaks, runs without any character,
    /// pictures in the middle of a text.
    pub(super) fn of(text: &[Inline]) -> Self {
        let mut flat = Self::default();
        flat.add(text, &[]);
        flat.unmark_blanks();
        flat
    }

    /// Leaves on what is blank only the marks that go on from or to the run beside it. Those of what is blank by itself
    /// say nothing, and would be let go of when it is read.
    fn unmark_blanks(&mut self) {
        for place in 0..self.runs.len() {
            let (marks, Inline::Text(text)) = &self.runs[place] else { continue };
            if !text.trim_matches([' ', '\t']).is_empty() {
                continue;
            }
            let shared = |beside: Option<&(Vec<Mark>, Inline)>| {
                beside.map_or(0, |(beside, _)| {
                    marks.iter().zip(beside).take_while(|(one, other)| one == other).count()
                })
            };
            let before = shared(place.checked_sub(1).and_then(|before| self.runs.get(before)));
            let kept = before.max(shared(self.runs.get(place + 1)));
            self.runs[place].0.truncate(kept);
        }
    }

    fn add(&mut self, text: &[Inline], marks: &[Mark]) {
        for run in text {
            match run {
                Inline::Text(text) => self.text(text, marks),
                Inline::Strong(text) => self.add(text, &with(marks, Mark::Strong)),
                Inline::Emphasis(text) => self.add(text, &with(marks, Mark::Emphasis)),
                Inline::Strike(text) => self.add(text, &with(marks, Mark::Strike)),
                Inline::Link { url, text } => {
                    let runs = self.runs.len();
                    self.add(text, &with(marks, Mark::Link(url.clone())));
                    if self.runs.len() == runs {
                        self.runs.push((Vec::new(), Inline::Link { url: url.clone(), text: Inlines::new() }));
                    }
                }
                Inline::Code { at, text } => self.code(*at, text, marks),
                Inline::Image { url, text } => {
                    let shown = [text, url].into_iter().find(|text| !text.trim().is_empty());
                    let shown = shown.map_or("", |text| text.trim());
                    self.text(shown, &with(marks, Mark::Link(url.clone())));
                }
                Inline::Break(at) => self.runs.push((Vec::new(), Inline::Break(*at))),
                Inline::Raw { markup: Markup::Adf, text } if super::write::raw(text).is_some() => {
                    self.runs.push((
                        Vec::new(),
                        Inline::Raw { markup: Markup::Adf, text: super::read::compact(text) },
                    ));
                }
                Inline::Raw { text, .. } => self.code(At::default(), text, marks),
            }
        }
    }

    fn text(&mut self, text: &str, marks: &[Mark]) {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.runs.push((Vec::new(), Inline::Break(At::default())));
            }
            if !line.is_empty() {
                self.runs.push((marks.to_vec(), Inline::Text(line.to_owned())));
            }
        }
    }

    fn code(&mut self, at: At, text: &str, marks: &[Mark]) {
        if !text.is_empty() {
            let links = marks.iter().filter(|mark| matches!(mark, Mark::Link(_))).cloned();
            self.runs.push((links.collect(), Inline::Code { at, text: text.to_owned() }));
        }
    }

    /// Runs in runs.
    pub(super) fn nested(self) -> Inlines {
        nest(self.runs, 0)
    }
}

fn with(marks: &[Mark], mark: Mark) -> Vec<Mark> {
    let is_there = |known: &Mark| *known == mark || matches!((known, &mark), (Mark::Link(_), Mark::Link(_)));
    let mut marks = marks.to_vec();
    if !marks.iter().any(is_there) {
        marks.push(mark);
    }
    marks
}

fn nest(runs: Vec<(Vec<Mark>, Inline)>, depth: usize) -> Inlines {
    let mut out = Inlines::new();
    let mut runs = runs.into_iter().peekable();
    while let Some((marks, run)) = runs.next() {
        let Some(mark) = marks.get(depth).cloned() else {
            match (out.last_mut(), run) {
                (Some(Inline::Text(before)), Inline::Text(text)) => before.push_str(&text),
                (_, run) => out.push(run),
            }
            continue;
        };
        let mut inside = vec![(marks, run)];
        while let Some(run) = runs.next_if(|(marks, _)| marks.get(depth) == Some(&mark)) {
            inside.push(run);
        }
        let inside = nest(inside, depth + 1);
        out.push(match mark {
            Mark::Strong => Inline::Strong(inside),
            Mark::Emphasis => Inline::Emphasis(inside),
            Mark::Strike => Inline::Strike(inside),
            Mark::Link(url) => Inline::Link { url, text: inside },
        });
    }
    out
}
