//! Step tables that a paste flattened to a line for each cell.

use crate::At;
use crate::markup::{Block, Blocks, Inline, Inlines, plain, split_lines};

use super::Step;
use super::role::Role;

/// More lines than this are no row.
const LONGEST_ROW: usize = 60;

/// What may be a cell of a flattened table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit<'a> {
    /// A line.
    Line(&'a str),
    /// A line that may be a heading.
    Heading(&'a str),
    /// A block, which belongs to the cell that the line before it began.
    Block,
    /// What ends any table.
    End,
}

impl Unit<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Line(text) | Self::Heading(text) => Some(text.trim()),
            Self::Block | Self::End => None,
        }
    }
}

/// A flattened table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flattened {
    columns: Vec<Role>,
    /// Where each row begins, and where the last one ends; from the first unit of the titles.
    rows: Vec<usize>,
}

impl Flattened {
    /// The table whose titles begin with the first of these units.
    pub(crate) fn at(units: &[Unit<'_>]) -> Option<Self> {
        let mut columns = Vec::new();
        for unit in units.iter().take(4) {
            let Some(title) = unit.text().filter(|text| text.len() < 40) else { break };
            match Role::of(title) {
                Some(role) if !columns.contains(&role) => columns.push(role),
                // `Step` over numbers, beside `Action`.
                Some(Role::Action) if columns == [Role::Action] && is_step(units[0]) => {
                    columns = vec![Role::Number, Role::Action];
                }
                _ => break,
            }
        }
        if columns.len() < 3 || !columns.contains(&Role::Action) || !columns.contains(&Role::Expected) {
            return None;
        }
        let rows = if columns[0] == Role::Number { numbered(units, &columns) } else { even(units, &columns) };
        (rows.len() > 1).then_some(Self { columns, rows })
    }

    /// How many units it takes.
    pub(crate) fn len(&self) -> usize {
        self.rows.last().copied().unwrap_or(0)
    }
}

/// Whether a title may stand over the numbers of steps.
fn is_step(unit: Unit<'_>) -> bool {
    unit.text().is_some_and(|title| ["step", "צעד", "שלב"].contains(&title.to_lowercase().as_str()))
}

/// Rows that begin with their numbers.
fn numbered(units: &[Unit<'_>], columns: &[Role]) -> Vec<usize> {
    let mut rows = vec![columns.len()];
    let mut begin = columns.len();
    let is = |unit: &Unit<'_>, number: usize| {
        let text = unit.text().filter(|text| text.starts_with(|character: char| character.is_ascii_digit()));
        text.is_some_and(|text| text.trim_end_matches(['.', ')']).parse() == Ok(number))
    };
    for number in 1.. {
        if !units.get(begin).is_some_and(|unit| is(unit, number)) {
            break;
        }
        let next = units[begin + 1..]
            .iter()
            .take(LONGEST_ROW)
            .take_while(|unit| !matches!(unit, Unit::End))
            .position(|unit| is(unit, number + 1))
            .map(|next| begin + 1 + next);
        let end = next.unwrap_or_else(|| begin + 1 + cells(&units[begin + 1..], columns.len() - 1));
        rows.push(end);
        begin = end;
    }
    rows
}

/// Rows without numbers: each has as many lines as there are columns.
fn even(units: &[Unit<'_>], columns: &[Role]) -> Vec<usize> {
    let mut rows = vec![columns.len()];
    let mut begin = columns.len();
    while begin < units.len() {
        let count = cells(&units[begin..], columns.len());
        let lines = units[begin..begin + count].iter().filter(|unit| unit.text().is_some()).count();
        if lines < columns.len() {
            break;
        }
        begin += count;
        rows.push(begin);
    }
    rows
}

/// How many units the next cells take.
fn cells(units: &[Unit<'_>], count: usize) -> usize {
    let mut lines = 0;
    for (index, unit) in units.iter().enumerate() {
        match unit {
            Unit::End => return index,
            Unit::Heading(_) if lines > 0 => return index,
            Unit::Line(_) | Unit::Heading(_) if lines == count => return index,
            Unit::Line(_) | Unit::Heading(_) => lines += 1,
            Unit::Block => {}
        }
    }
    units.len()
}

/// Reads a flattened table among blocks.
pub(super) fn read(body: &[Block]) -> Option<Vec<Step>> {
    let cells: Vec<Cell> = body.iter().flat_map(cells_of).collect();
    let texts: Vec<_> = cells.iter().map(|cell| cell.text.as_ref().map(|text| plain(text))).collect();
    let units: Vec<_> = texts.iter().map(|text| text.as_deref().map_or(Unit::Block, Unit::Line)).collect();
    let begin = units.iter().position(|unit| unit.text().is_some_and(|text| Role::of(text).is_some()))?;
    let table =
        (begin..units.len().min(begin + 50)).find_map(|begin| Some((begin, Flattened::at(&units[begin..])?)));
    let (begin, table) = table?;
    let rows = table.rows.windows(2).map(|row| &cells[begin + row[0]..begin + row[1]]);
    Some(rows.map(|row| step(row, &table.columns)).collect())
}

struct Cell {
    at: At,
    text: Option<Inlines>,
    block: Option<Block>,
}

fn cells_of(block: &Block) -> Vec<Cell> {
    match block {
        Block::Paragraph { at, text } => {
            let lines = split_lines(*at, text.clone());
            lines.into_iter().map(|(at, text)| Cell { at, text: Some(text), block: None }).collect()
        }
        // What is left of a `#` in Markdown.
        Block::Heading { at, text, .. } if text.is_empty() => {
            vec![Cell { at: *at, text: Some(vec![Inline::Text("#".to_owned())]), block: None }]
        }
        block => vec![Cell { at: block.at(), text: None, block: Some(block.clone()) }],
    }
}

fn step(row: &[Cell], columns: &[Role]) -> Step {
    let begin = row.first().map_or_else(At::default, |cell| cell.at);
    let mut step = Step {
        number: None,
        at: begin,
        action_at: begin,
        data_at: begin,
        expected_at: begin,
        ..Step::default()
    };
    let lines = row.iter().filter(|cell| cell.text.is_some()).count();
    // More lines than columns: a cell in the middle had several.
    let surplus = lines.saturating_sub(columns.len());
    let wide = columns.iter().position(|role| *role == Role::Data);
    let wide = wide.or_else(|| columns.iter().position(|role| *role == Role::Action)).unwrap_or(0);
    let mut column = 0;
    let mut left = surplus;
    let mut is_first = true;
    for cell in row {
        if cell.text.is_some() && !is_first {
            if column == wide && left > 0 {
                left -= 1;
            } else {
                column = (column + 1).min(columns.len() - 1);
            }
        }
        is_first = false;
        put(&mut step, columns[column], cell);
    }
    step
}

fn put(step: &mut Step, role: Role, cell: &Cell) {
    let (blocks, at): (&mut Blocks, &mut At) = match role {
        Role::Number => {
            step.number = cell.text.as_ref().map(|text| plain(text).trim().to_owned());
            return;
        }
        Role::Action => (&mut step.action, &mut step.action_at),
        Role::Data => (&mut step.data, &mut step.data_at),
        Role::Expected => (&mut step.expected, &mut step.expected_at),
    };
    if blocks.is_empty() {
        *at = cell.at;
    }
    match (&cell.text, &cell.block) {
        (Some(text), _) => match blocks.last_mut() {
            Some(Block::Paragraph { text: known, .. }) => {
                known.push(Inline::Break(cell.at));
                known.extend(text.iter().cloned());
            }
            _ => blocks.push(Block::Paragraph { at: cell.at, text: text.clone() }),
        },
        (None, Some(block)) => blocks.push(block.clone()),
        (None, None) => {}
    }
}
