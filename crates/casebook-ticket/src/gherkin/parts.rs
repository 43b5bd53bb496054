//! The scenarios of a feature, each as a feature of its own.

use std::ops::Range;

use crate::{At, SourceMap};

use super::line::{DocString, DocStrings, Heading, Line};

/// A part of a text, and where it stands in it.
#[derive(Debug)]
pub(crate) struct Part {
    /// Where what is its own begins.
    pub(crate) begins: At,
    pub(crate) text: String,
    pub(crate) at: SourceMap,
}

/// Lines below a heading, and what stands right above it: tags and comments.
struct Stretch {
    heading: Heading,
    lines: Range<usize>,
    /// Where it begins behind what is empty.
    begins: usize,
}

/// More bytes than this are not made of a text that has fewer.
const MOST: usize = 16 << 20;

/// Each scenario of a text with what it shares with the others: the feature, its rule, and what is given in each. None where
/// what they share would be repeated beyond all measure.
pub(crate) fn parts(text: &str) -> Option<Vec<Part>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut shared: Vec<&Stretch> = Vec::new();
    let mut parts = Vec::new();
    let mut size = 0;
    let stretches = stretches(&lines);
    for stretch in &stretches {
        match stretch.heading {
            Heading::Scenario => {
                let all = shared.iter().copied().chain([stretch]).map(|stretch| &stretch.lines);
                let part = part(&lines, all, stretch.begins);
                size += part.text.len();
                if size > MOST.max(text.len()) {
                    return None;
                }
                parts.push(part);
                continue;
            }
            Heading::Feature => shared.clear(),
            Heading::Rule => {
                // What was given in the rule before is not given in this one.
                let rule = shared.iter().position(|known| known.heading == Heading::Rule);
                shared.truncate(rule.unwrap_or(shared.len()));
            }
            Heading::Background | Heading::Examples => {}
        }
        shared.push(stretch);
    }
    Some(parts)
}

fn part<'l>(lines: &[&str], all: impl Iterator<Item = &'l Range<usize>>, begins: usize) -> Part {
    let line = |number: usize| At::new(number as u32 + 1, 1);
    let indent = lines[begins].chars().take_while(|character| character.is_whitespace()).count() as u32;
    let begins = At::new(line(begins).line, indent + 1);
    let mut part = Part { begins, text: String::new(), at: SourceMap::default() };
    let mut number = 0;
    for range in all {
        part.at.put(number, &line(range.start).into());
        number += range.len() as u32;
        part.text.extend(lines[range.clone()].iter().flat_map(|line| [line, "\n"]));
    }
    part.text.truncate(part.text.trim_end().len());
    part
}

fn stretches(lines: &[&str]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut doc_strings = DocStrings::default();
    // Where the tags and comments begin that stand right above the next heading, with and without what is empty.
    let (mut above, mut begins) = (0, 0);
    for (number, line) in lines.iter().enumerate() {
        let line = (doc_strings.next(line) == DocString::Outside).then(|| Line::of(line));
        match line {
            Some(Line::Nothing | Line::Tags(_)) => {
                if begins == number && lines[number].trim().is_empty() {
                    begins += 1;
                }
                continue;
            }
            Some(Line::Heading(heading, _)) if heading != Heading::Examples => {
                if let Some(last) = stretches.last_mut() {
                    last.lines.end = above;
                }
                stretches.push(Stretch { heading, lines: above..lines.len(), begins });
            }
            _ => {}
        }
        (above, begins) = (number + 1, number + 1);
    }
    stretches
}
