use embedded_graphics::{
    Drawable as _,
    geometry::Point,
    mono_font::{
        MonoFont, MonoTextStyle,
        iso_8859_1::{FONT_8X13, FONT_9X15, FONT_10X20},
    },
    pixelcolor::Rgb888,
    text::{Alignment, Baseline, Text, TextStyleBuilder},
};

use super::canvas::{Canvas, Upwards};
use super::layout::{Area, Layout, Size};
use super::ticks::{Tick, number_ticks, time_ticks};
use super::{Caption, Colormap, Contrast, Distance, Grid, Lines, png};

type Colour = [u8; 3];

/// A dark page: the values are what shines.
const PAGE: Colour = [14, 17, 22];
const BRIGHT_TEXT: Colour = [236, 240, 245];
const TEXT: Colour = [172, 181, 193];
const AXIS: Colour = [88, 98, 112];
/// Neutral, and in none of the colour maps.
const GAP: Colour = [84, 88, 94];

const TICK: i32 = 6;
const TITLE_FONT: &MonoFont<'static> = &FONT_10X20;
const LABEL_FONT: &MonoFont<'static> = &FONT_9X15;
const TICK_FONT: &MonoFont<'static> = &FONT_8X13;

/// Draws the grid as a PNG file.
///
/// # Errors
/// When the size has no pixels.
pub(crate) fn draw(
    grid: &Grid,
    lines: Lines,
    caption: &Caption,
    size: Size,
    colormap: Colormap,
    contrast: Option<Contrast>,
) -> anyhow::Result<Vec<u8>> {
    let distance = match lines {
        Lines::Channels { distance, .. } => distance,
        Lines::Frequencies { .. } => None,
    };
    let layout = Layout::new(size, distance.is_some());
    let contrast = contrast.unwrap_or_else(|| Contrast::of(all_values(grid)));
    let mut painter = Painter { canvas: Canvas::new(size.width, size.height, PAGE), layout };
    painter.titles(caption);
    painter.values(grid, lines, contrast, &colormap.table());
    painter.time_axis(grid.time());
    painter.line_axis(lines, grid);
    painter.colour_bar(contrast, &colormap.table(), &caption.unit);
    Ok(png::encode(&painter.canvas, &caption.title)?)
}

fn all_values(grid: &Grid) -> impl Iterator<Item = f32> {
    (0..grid.lines())
        .flat_map(move |line| (0..grid.columns()).map(move |c| grid.decibels(c..c + 1, line..line + 1)))
}

struct Painter {
    canvas: Canvas,
    layout: Layout,
}

impl Painter {
    fn titles(&mut self, caption: &Caption) {
        let (x, y) = self.layout.title;
        let width = self.layout.bar.right() - x;
        self.text(
            &fitting(&caption.title, TITLE_FONT, width),
            (x, y),
            TITLE_FONT,
            BRIGHT_TEXT,
            Alignment::Left,
        );
        self.text(
            &fitting(&caption.subtitle, LABEL_FONT, width),
            (x, y + 27),
            LABEL_FONT,
            TEXT,
            Alignment::Left,
        );
    }

    /// Each pixel shows the mean of the cells it covers, at least the one it lies in.
    fn values(&mut self, grid: &Grid, lines: Lines, contrast: Contrast, table: &[Colour; 256]) {
        let plot = self.layout.plot;
        for y in 0..plot.height {
            let from_top = covered(y, plot.height, grid.lines());
            let line = match lines {
                Lines::Channels { .. } => from_top,
                Lines::Frequencies { .. } => grid.lines() - from_top.end..grid.lines() - from_top.start,
            };
            for x in 0..plot.width {
                let value = grid.decibels(covered(x, plot.width, grid.columns()), line.clone());
                self.canvas.set(plot.x + x, plot.y + y, colour_of(value, contrast, table));
            }
        }
        self.frame(plot);
    }

    fn time_axis(&mut self, (from, to): (f64, f64)) {
        const WIDEST_LABEL: i32 = 120;
        let plot = self.layout.plot;
        let y = plot.bottom();
        for Tick { at, label } in time_ticks(from, to, (plot.width / WIDEST_LABEL).max(2) as usize) {
            let x = plot.x + place(at, from, to, plot.width);
            self.vertical(x, y, y + TICK);
            self.text(&label, (x, y + TICK + 4), TICK_FONT, TEXT, Alignment::Center);
        }
        let name = format!("UTC, {}", days(from, to));
        let x = plot.x + plot.width / 2;
        self.text(&name, (x, y + TICK + 24), LABEL_FONT, TEXT, Alignment::Center);
    }

    fn line_axis(&mut self, lines: Lines, grid: &Grid) {
        let Area { height, .. } = self.layout.plot;
        let count = marks(height);
        match lines {
            Lines::Channels { first, last, distance } => {
                // A channel is a band of pixels: its mark stands in the middle of it.
                let (from, to) = (f64::from(first) - 0.5, f64::from(last) + 0.5 + grid.surplus() as f64);
                let mut ticks = number_ticks(f64::from(first), f64::from(last), count);
                ticks.retain(|tick| tick.at.fract() == 0.0);
                self.left_axis("channel", &ticks, |at| place(at, from, to, height));
                if let Some(Distance { per_channel, of_first_channel }) = distance {
                    let metres =
                        |channel: f64| of_first_channel.unwrap_or(0.0) + (channel - 1.0) * per_channel;
                    let ticks = number_ticks(metres(from), metres(to), count);
                    let name =
                        if of_first_channel.is_some() { "distance, m" } else { "distance from channel 1, m" };
                    self.right_axis(name, &ticks, |at| place(at, metres(from), metres(to), height));
                }
            }
            Lines::Frequencies { first, last } => {
                let ticks = number_ticks(first, last, count);
                self.left_axis("frequency, Hz", &ticks, |at| height - 1 - place(at, first, last, height));
            }
        }
    }

    fn left_axis(&mut self, name: &str, ticks: &[Tick], place: impl Fn(f64) -> i32) {
        let plot = self.layout.plot;
        for tick in ticks {
            let y = plot.y + place(tick.at);
            self.horizontal(plot.x - TICK, plot.x, y);
            self.text(&tick.label, (plot.x - TICK - 5, y - 7), TICK_FONT, TEXT, Alignment::Right);
        }
        self.upwards(name, (plot.x - 82, plot.y + plot.height / 2));
    }

    fn right_axis(&mut self, name: &str, ticks: &[Tick], place: impl Fn(f64) -> i32) {
        let plot = self.layout.plot;
        for tick in ticks {
            let y = plot.y + place(tick.at);
            self.horizontal(plot.right(), plot.right() + TICK, y);
            self.text(&tick.label, (plot.right() + TICK + 5, y - 7), TICK_FONT, TEXT, Alignment::Left);
        }
        self.upwards(name, (plot.right() + 62, plot.y + plot.height / 2));
    }

    fn colour_bar(&mut self, contrast: Contrast, table: &[Colour; 256], unit: &str) {
        let bar = self.layout.bar;
        for y in 0..bar.height {
            let index = 255 - (i64::from(y) * 255 / i64::from((bar.height - 1).max(1))) as usize;
            for x in 0..bar.width {
                self.canvas.set(bar.x + x, bar.y + y, table[index]);
            }
        }
        self.frame(bar);
        let (low, high) = (f64::from(contrast.low()), f64::from(contrast.high()));
        for Tick { at, label } in number_ticks(low, high, marks(bar.height)) {
            let y = bar.bottom() - 1 - place(at, low, high, bar.height);
            self.horizontal(bar.right(), bar.right() + TICK, y);
            self.text(&label, (bar.right() + TICK + 5, y - 7), TICK_FONT, TEXT, Alignment::Left);
        }
        self.upwards(unit, (bar.right() + 60, bar.y + bar.height / 2));
    }

    fn frame(&mut self, area: Area) {
        self.vertical(area.x - 1, area.y - 1, area.bottom() + 1);
        self.vertical(area.right(), area.y - 1, area.bottom() + 1);
        self.horizontal(area.x - 1, area.right() + 1, area.y - 1);
        self.horizontal(area.x - 1, area.right() + 1, area.bottom());
    }

    fn vertical(&mut self, x: i32, from: i32, to: i32) {
        for y in from..to {
            self.canvas.set(x, y, AXIS);
        }
    }

    fn horizontal(&mut self, from: i32, to: i32, y: i32) {
        for x in from..to {
            self.canvas.set(x, y, AXIS);
        }
    }

    fn text(
        &mut self,
        text: &str,
        at: (i32, i32),
        font: &MonoFont<'_>,
        colour: Colour,
        alignment: Alignment,
    ) {
        let style = TextStyleBuilder::new().baseline(Baseline::Top).alignment(alignment).build();
        let character = MonoTextStyle::new(font, rgb(colour));
        let Ok(_) =
            Text::with_text_style(text, Point::new(at.0, at.1), character, style).draw(&mut self.canvas);
    }

    /// From bottom to top, centred on `at`.
    fn upwards(&mut self, text: &str, at: (i32, i32)) {
        let style = TextStyleBuilder::new().baseline(Baseline::Top).alignment(Alignment::Center).build();
        let character = MonoTextStyle::new(LABEL_FONT, rgb(TEXT));
        let mut target = Upwards::new(&mut self.canvas, Point::new(at.0, at.1));
        let Ok(_) = Text::with_text_style(text, Point::zero(), character, style).draw(&mut target);
    }
}

fn rgb([r, g, b]: Colour) -> Rgb888 {
    Rgb888::new(r, g, b)
}

fn colour_of(value: f32, contrast: Contrast, table: &[Colour; 256]) -> Colour {
    if value.is_nan() { GAP } else { table[(contrast.position(value) * 255.0).round() as usize] }
}

/// The cells that pixel `index` of `pixels` covers, of `cells`; at least one.
fn covered(index: i32, pixels: i32, cells: usize) -> std::ops::Range<usize> {
    let (index, pixels) = (index as usize, pixels as usize);
    let start = (index * cells / pixels).min(cells - 1);
    start..((index + 1) * cells / pixels).clamp(start + 1, cells)
}

/// The pixel at which `value` lies on an axis of `pixels` pixels.
fn place(value: f64, from: f64, to: f64, pixels: i32) -> i32 {
    let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
    ((share * f64::from(pixels)) as i32).min(pixels - 1)
}

/// How many marks stand well on an upright axis of `pixels` pixels.
fn marks(pixels: i32) -> usize {
    const APART: i32 = 70;
    (pixels / APART).clamp(2, 20) as usize
}

/// As much of a text as there is room for.
fn fitting(text: &str, font: &MonoFont<'_>, width: i32) -> String {
    let room = width.max(0) as usize / (font.character_size.width + font.character_spacing) as usize;
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(3)).chain("...".chars()).collect()
}

/// The date of a time span, or both dates.
fn days(from: f64, to: f64) -> String {
    let day = |seconds: f64| {
        let time = focus_core::from_epoch_seconds(seconds)?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d").to_string())
    };
    match (day(from), day(to)) {
        (Some(first), Some(last)) if first == last => first,
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "no time".to_owned(),
    }
}

#[cfg(test)]
mod tests;
