//! Puts a ticket together from what stood by itself and what stood in the description.

use super::kept::are_all_said;
use super::{PARTED, is_xray_type};
use crate::markup::{Block, Blocks, Inline, Inlines, Item, normal, plain};
use crate::{At, Field, Name, Origin, Section, Standard, Ticket, outline, steps};

/// A ticket in the making.
pub(crate) struct Draft<'s> {
    standard: &'s Standard,
    origin: Origin,
    /// What stood by itself.
    own: Ticket,
    /// What stood in the description.
    described: Ticket,
}

impl<'s> Draft<'s> {
    pub(crate) fn new(standard: &'s Standard, origin: Origin) -> Self {
        Self { standard, origin, own: Ticket::default(), described: Ticket::default() }
    }

    /// A field with text in it.
    pub(crate) fn add(&mut self, field: Field, at: At, body: Blocks) {
        if !body.is_empty() {
            self.own.add(Section { name: Name::Field(field), at, body });
        }
    }

    /// A field that the standard does not know; what is said again is said once.
    pub(crate) fn other(&mut self, name: &str, at: At, body: Blocks) {
        let name = Name::Other(name.trim().to_owned());
        let is_said = |known: &Section| known.name == name && known.body.ends_with(&body);
        if !body.is_empty() && !self.own.sections.iter().any(is_said) {
            self.own.add(Section { name, at, body });
        }
    }

    /// A field of plain words.
    pub(crate) fn line(&mut self, field: Field, at: At, text: &str) {
        self.add(field, at, normal(vec![Block::paragraph(at, text)]));
    }

    /// A field with a list in it; what is added again goes into the same list.
    pub(crate) fn list(&mut self, field: Field, at: At, items: Vec<(At, Inlines)>) {
        let items = items.into_iter().map(|(at, text)| {
            let blocks = normal(vec![Block::Paragraph { at, text }]);
            Item { at, done: None, blocks }
        });
        let mut items: Vec<_> = items.filter(|item| !item.blocks.is_empty()).collect();
        let name = Name::Field(field.clone());
        let known = self.own.sections.iter_mut().find(|section| section.name == name);
        match known.and_then(|section| section.body.last_mut()) {
            Some(Block::List { items: known, .. }) => known.append(&mut items),
            _ if items.is_empty() => {}
            _ => self.add(field, at, vec![Block::List { at, start: None, items }]),
        }
    }

    /// The description, which [begins](outline::sections) at a position.
    pub(crate) fn describe(&mut self, mut blocks: Blocks, begins: At) {
        let sections = if is_parted(blocks.last()) {
            blocks.pop();
            outline::canonical(blocks, self.standard)
        } else {
            outline::sections(blocks, begins, self.standard)
        };
        // What stands before any heading of a description is the description.
        let (lead, headed): (Vec<_>, _) =
            sections.into_iter().partition(|section| section.name == Name::Other(String::new()));
        for section in lead {
            self.add(Field::Description, section.at, section.body);
        }
        self.described.extend(headed);
    }

    /// What is known of a field so far.
    pub(crate) fn text(&self, field: &Field) -> Option<String> {
        self.own.text(field).or_else(|| self.described.text(field))
    }

    /// Whether a field was there so far.
    pub(crate) fn has(&self, field: &Field) -> bool {
        self.own.section(field).is_some() || self.described.section(field).is_some()
    }

    /// Key and summary, as far as they are known.
    pub(crate) fn title(&self) -> String {
        let known = [&Field::Key, &Field::Summary].into_iter().filter_map(|field| self.text(field));
        known.collect::<Vec<_>>().join(" ")
    }

    /// The ticket: what stood by itself is put among the sections of the description in the standard's order.
    pub(crate) fn finish(self) -> Ticket {
        let Self { standard, origin, mut own, described } = self;
        if described.section(&Field::TestType).is_some()
            && own.text(&Field::TestType).is_some_and(|text| is_xray_type(&text))
        {
            // Xray's kind says how steps are kept; what the author says of the test goes before it.
            own.sections.retain(|section| section.name != Name::Field(Field::TestType));
        }
        if let (Some(steps), Some(known)) =
            (own.section(&Field::TestSteps), described.section(&Field::TestSteps))
            && !steps::read(&known.body).steps.is_empty()
            && are_all_said(&steps::read(&steps.body).steps, &known.body)
        {
            // The description has them with what Xray has no place for.
            own.sections.retain(|section| section.name != Name::Field(Field::TestSteps));
        }
        // The canonical order: short fields first.
        let rank = |section: &Section| match &section.name {
            Name::Field(field) => {
                let place = standard.fields.iter().position(|rule| rule.id == *field)?;
                Some((!standard.fields[place].front_matter, place))
            }
            Name::Other(_) => None,
        };
        own.sections.sort_by_key(rank);
        let mut ticket = Ticket { origin, sections: described.sections };
        for section in own.sections {
            let is_short = rank(&section).is_some_and(|(is_long, _)| !is_long);
            match ticket.sections.iter_mut().find(|known| known.name == section.name) {
                Some(known) if is_short => {
                    // What the field itself says is so; the description may contradict it.
                    let described = std::mem::replace(&mut known.body, section.body);
                    known.body.extend(described);
                    known.at = section.at;
                    continue;
                }
                Some(known) => {
                    known.body.extend(section.body);
                    continue;
                }
                None if matches!(section.name, Name::Other(_)) => {
                    ticket.sections.push(section);
                    continue;
                }
                None => {}
            }
            let place = ticket
                .sections
                .iter()
                .rposition(|known| rank(known).is_some_and(|known| Some(known) < rank(&section)));
            ticket.sections.insert(place.map_or(0, |place| place + 1), section);
        }
        ticket
    }
}

/// Whether a description ends with the sentence that says how it is parted.
pub(crate) fn is_parted(last: Option<&Block>) -> bool {
    matches!(last, Some(Block::Paragraph { text, .. }) if plain(text) == PARTED)
}

/// The sentence that says how a description is parted.
pub(crate) fn parted() -> Block {
    let text = vec![Inline::Text(PARTED.to_owned())];
    Block::Paragraph { at: At::default(), text }
}
