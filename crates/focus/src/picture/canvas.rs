use std::convert::Infallible;

use embedded_graphics::{
    Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    pixelcolor::{Rgb888, RgbColor as _},
};

/// Pixels in memory.
#[derive(Clone, Debug)]
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 3]>,
}

impl Canvas {
    /// One colour all over.
    pub(crate) fn new(width: u32, height: u32, colour: [u8; 3]) -> Self {
        Self { width, height, pixels: vec![colour; width as usize * height as usize] }
    }

    /// Pixels across.
    pub(crate) fn width(&self) -> u32 {
        self.width
    }

    /// Pixels down.
    pub(crate) fn height(&self) -> u32 {
        self.height
    }

    /// Colours one pixel; outside there is none.
    pub(crate) fn set(&mut self, x: i32, y: i32, colour: [u8; 3]) {
        if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
            && x < self.width
            && y < self.height
        {
            self.pixels[y as usize * self.width as usize + x as usize] = colour;
        }
    }

    /// All of them, line by line.
    pub(crate) fn pixels(&self) -> &[[u8; 3]] {
        &self.pixels
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, colour) in pixels {
            self.set(point.x, point.y, [colour.r(), colour.g(), colour.b()]);
        }
        Ok(())
    }
}

/// The same canvas for writing from bottom to top.
pub(crate) struct Upwards<'a> {
    canvas: &'a mut Canvas,
    origin: Point,
}

impl<'a> Upwards<'a> {
    /// What is drawn at `(x, y)` appears `x` above and `y` to the right of `origin`.
    pub(crate) fn new(canvas: &'a mut Canvas, origin: Point) -> Self {
        Self { canvas, origin }
    }
}

impl OriginDimensions for Upwards<'_> {
    fn size(&self) -> Size {
        Size::new(self.canvas.height, self.canvas.width)
    }
}

impl DrawTarget for Upwards<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        let origin = self.origin;
        let turned = pixels
            .into_iter()
            .map(|Pixel(point, colour)| Pixel(Point::new(origin.x + point.y, origin.y - point.x), colour));
        self.canvas.draw_iter(turned)
    }
}
