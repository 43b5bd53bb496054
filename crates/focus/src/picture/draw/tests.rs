use proptest::prelude::*;

use super::super::GridShape;
use super::*;

const SIZE: Size = Size { width: 640, height: 400 };
const CHANNELS: Lines = Lines::Channels { first: 1, last: 2, distance: None };

fn caption() -> Caption {
    Caption {
        title: "Title".to_owned(),
        subtitle: "Subtitle µ °".to_owned(),
        unit: "dB re 1 nm/m/s".to_owned(),
    }
}

/// Two rows of two values: 0 and 20 dB, then 20 dB and a gap.
fn small_grid() -> Grid {
    let mut grid = Grid::new(GridShape { first_row: 1e9, row_interval: 1.0, rows: 2, values: 2 });
    grid.add(1e9, [1.0, 100.0].into_iter());
    grid.add(1e9 + 1.0, [100.0, f32::NAN].into_iter());
    grid
}

fn decoded(file: &[u8]) -> (u32, u32, Vec<u8>, String) {
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let title = reader.info().utf8_text[0].get_text().unwrap();
    (frame.width, frame.height, pixels, title)
}

#[test]
fn the_file_holds_the_pixels_it_should() {
    let contrast = "0:20".parse().unwrap();
    let file = draw(&small_grid(), CHANNELS, &caption(), SIZE, Colormap::Viridis, Some(contrast)).unwrap();
    let (width, height, pixels, title) = decoded(&file);
    assert_eq!((width, height, title.as_str()), (640, 400, "Title"));
    let plot = Layout::new(SIZE, false).plot;
    let at = |x: i32, y: i32| {
        let index = ((plot.y + y) * 640 + plot.x + x) as usize * 3;
        [pixels[index], pixels[index + 1], pixels[index + 2]]
    };
    let table = Colormap::Viridis.table();
    let (right, bottom) = (plot.width - 3, plot.height - 3);
    assert_eq!(at(2, 2), table[0], "channel 1 first, at the top");
    assert_eq!(at(2, bottom), table[255]);
    assert_eq!(at(right, 2), table[255]);
    assert_eq!(at(right, bottom), GAP);
}

#[test]
fn the_lowest_frequency_is_at_the_bottom() {
    let lines = Lines::Frequencies { first: 0.0, last: 50.0 };
    let contrast = "0:20".parse().unwrap();
    let file = draw(&small_grid(), lines, &caption(), SIZE, Colormap::Gray, Some(contrast)).unwrap();
    let (.., pixels, _) = decoded(&file);
    let plot = Layout::new(SIZE, false).plot;
    let at = |x: i32, y: i32| pixels[((plot.y + y) * 640 + plot.x + x) as usize * 3];
    assert_eq!((at(2, 2), at(2, plot.height - 3)), (255, 0));
}

#[test]
fn a_picture_without_any_value_is_a_gap() {
    let grid = Grid::new(GridShape { first_row: 0.0, row_interval: 1.0, rows: 0, values: 0 });
    let file = draw(&grid, CHANNELS, &caption(), SIZE, Colormap::Magma, None).unwrap();
    let (.., pixels, _) = decoded(&file);
    let plot = Layout::new(SIZE, false).plot;
    let middle = ((plot.y + plot.height / 2) * 640 + plot.x + plot.width / 2) as usize * 3;
    assert_eq!(pixels[middle..middle + 3], GAP);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_panic(
        (width, height) in (1u32..500, 1u32..300),
        (rows, values) in (0usize..5000, 0usize..300),
        (first_row, row_interval) in (-1e11..1e11f64, 1e-4..1e6f64),
        powers in prop::collection::vec(any::<f32>(), 0..20),
        (start, per_channel) in (any::<f64>(), any::<f64>()),
        title in "\\PC{0,300}",
        upright: bool,
    ) {
        let mut grid = Grid::new(GridShape { first_row, row_interval, rows, values });
        grid.add(first_row, powers.into_iter());
        let lines = if upright {
            Lines::Frequencies { first: 0.0, last: start }
        } else {
            let distance = Some(Distance { per_channel, of_first_channel: Some(start) });
            Lines::Channels { first: 1, last: values.max(1) as u32, distance }
        };
        let caption = Caption { title, ..caption() };
        let size = Size { width, height };
        prop_assert!(draw(&grid, lines, &caption, size, Colormap::Inferno, None).is_ok());
    }
}
