use super::canvas::Canvas;

/// The canvas as a PNG file with its title in it.
///
/// # Errors
/// When the canvas has no pixels.
pub(crate) fn encode(canvas: &Canvas, title: &str) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, canvas.width(), canvas.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_itxt_chunk("Title".to_owned(), title.to_owned())?;
    encoder.add_itxt_chunk(
        "Software".to_owned(),
        concat!("Focus Server ", env!("CARGO_PKG_VERSION")).to_owned(),
    )?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(canvas.pixels().as_flattened())?;
    writer.finish()?;
    Ok(file)
}
