//! Steps that stand by themselves: Gherkin, and a table whose titles are those of steps, need no heading.

use crate::markup::{Block, Cell, plain_blocks};
use crate::{Field, Name, Section, Standard, gherkin, steps};

/// Whether a block is steps, whatever stands over it.
pub(super) fn are_steps(block: &Block, standard: &Standard) -> bool {
    match block {
        Block::Table { header, rows, .. } => {
            let header = if header.is_empty() { rows.first().map_or(&[][..], Vec::as_slice) } else { header };
            steps::are_titles(header) && !names_tests(header, standard)
        }
        Block::Code { .. } => gherkin::read(std::slice::from_ref(block)).is_some(),
        _ => false,
    }
}

/// Whether each row of a table with these titles is a whole test.
fn names_tests(header: &[Cell], standard: &Standard) -> bool {
    header.iter().any(|cell| standard.field_of(&plain_blocks(&cell.blocks)) == Some(&Field::Summary))
}

/// Takes steps that stand by themselves out of what is no field, if there are no others, and what Gherkin gives beside
/// them: what is given, the examples, and a name, where the ticket is to be named by it.
pub(super) fn take(mut sections: Vec<Section>, is_named: bool, standard: &Standard) -> Vec<Section> {
    if !has(&Field::TestSteps, &sections) {
        take_steps(&mut sections, standard);
    }
    let steps = sections.iter().find(|section| section.name == Name::Field(Field::TestSteps));
    let features = steps.and_then(|section| gherkin::read(&section.body));
    for feature in features.iter().flatten() {
        let summary = match (&feature.name[..], &feature.scenarios[..]) {
            ("", [scenario, ..]) => scenario.name.as_str(),
            (_, [scenario]) if !scenario.name.is_empty() => scenario.name.as_str(),
            (name, _) => name,
        };
        let summary = (is_named && !summary.is_empty()).then(|| Block::paragraph(feature.at, summary));
        let derived = [
            (Field::Summary, summary.into_iter().collect()),
            (Field::PreConditions, feature.pre_conditions()),
            (Field::TestData, feature.examples()),
        ];
        for (field, body) in derived {
            if !has(&field, &sections) && !body.is_empty() {
                let at = body[0].at();
                sections.push(Section { name: Name::Field(field), at, body });
            }
        }
    }
    sections
}

fn has(field: &Field, sections: &[Section]) -> bool {
    sections.iter().any(|section| section.name == Name::Field(field.clone()))
}

fn take_steps(sections: &mut Vec<Section>, standard: &Standard) {
    let may_hold = |section: &Section| {
        matches!(section.name, Name::Other(_) | Name::Field(Field::Description))
            && section.body.iter().any(|block| are_steps(block, standard))
    };
    let Some(index) = sections.iter().position(may_hold) else { return };
    let body = std::mem::take(&mut sections[index].body);
    let (steps, rest): (Vec<_>, _) = body.into_iter().partition(|block| are_steps(block, standard));
    let at = steps.first().map_or(sections[index].at, Block::at);
    sections[index].body = rest;
    sections.insert(index + 1, Section { name: Name::Field(Field::TestSteps), at, body: steps });
    let is_said = matches!(&sections[index].name, Name::Other(heading) if !heading.is_empty());
    if sections[index].body.is_empty() && !is_said {
        sections.remove(index);
    }
}
