//! Pixels, and what is drawn on them. Edges are smooth: a pixel takes as much of a colour as the shape covers of it.

use super::digits;

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) [u8; 3]);

/// A transparent picture to draw on.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    /// Red, green, blue and opacity of each pixel, line by line.
    pixels: Vec<[u8; 4]>,
}

/// A place: from the left, from the top.
type Place = (f32, f32);

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Canvas { width, height, pixels: vec![[0; 4]; width * height] }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// The lines of pixels, from the top.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[[u8; 4]]> {
        self.pixels.chunks(self.width.max(1))
    }

    /// A rectangle between two corners.
    pub(super) fn rectangle(&mut self, (left, top): Place, (right, bottom): Place, colour: Colour) {
        let cover = |at: f32, from: f32, to: f32| ((at + 1.0).min(to) - at.max(from)).clamp(0.0, 1.0);
        self.paint((left, top), (right, bottom), colour, |(x, y)| {
            cover(x, left, right) * cover(y, top, bottom)
        });
    }

    /// A line with round ends.
    pub(super) fn line(&mut self, from: Place, to: Place, thickness: f32, colour: Colour) {
        let reach = thickness / 2.0 + 1.0;
        let corner = (from.0.min(to.0) - reach, from.1.min(to.1) - reach);
        let other = (from.0.max(to.0) + reach, from.1.max(to.1) + reach);
        self.paint(corner, other, colour, |(x, y)| {
            let distance = distance((x + 0.5, y + 0.5), from, to);
            (thickness / 2.0 + 0.5 - distance).clamp(0.0, 1.0)
        });
    }

    /// A dashed line from left to right.
    pub(super) fn dashes(&mut self, left: f32, right: f32, y: f32, thickness: f32, colour: Colour) {
        let mut x = left;
        while x < right {
            self.line((x, y), ((x + 14.0).min(right), y), thickness, colour);
            x += 26.0;
        }
    }

    /// Digits and what else numbers and times need, from a place to the right.
    pub(super) fn text(&mut self, left: f32, top: f32, height: f32, text: &str, colour: Colour) {
        let unit = height / digits::HEIGHT;
        let mut x = left;
        for glyph in text.chars().filter_map(digits::glyph) {
            for stroke in glyph.strokes {
                for pair in stroke.windows(2) {
                    let [from, to] = pair else { continue };
                    let place = |(across, down): Place| (x + across * unit, top + down * unit);
                    self.line(place(*from), place(*to), height / 8.0, colour);
                }
            }
            x += (glyph.width + digits::GAP) * unit;
        }
    }

    /// The same, to the left of a place.
    pub(super) fn text_ending_at(&mut self, right: f32, top: f32, height: f32, text: &str, colour: Colour) {
        self.text(right - Self::width_of(height, text), top, height, text, colour);
    }

    /// How wide a text is.
    pub(super) fn width_of(height: f32, text: &str) -> f32 {
        let glyphs = text.chars().filter_map(digits::glyph);
        let width: f32 = glyphs.map(|glyph| glyph.width + digits::GAP).sum();
        (width - digits::GAP).max(0.0) * height / digits::HEIGHT
    }

    /// Paints what lies between two corners as far as `cover` says: 0 is nothing, 1 the whole pixel.
    fn paint(&mut self, from: Place, to: Place, colour: Colour, cover: impl Fn(Place) -> f32) {
        let (width, height) = (self.width, self.height);
        let columns = within(from.0, to.0, width);
        for row in within(from.1, to.1, height) {
            for column in columns.clone() {
                let share = cover((column as f32, row as f32));
                if let Some(pixel) = self.pixels.get_mut(row * width + column).filter(|_| share > 0.0) {
                    mix(pixel, colour, share);
                }
            }
        }
    }
}

/// The pixels of a line of `length` that lie between two places.
fn within(from: f32, to: f32, length: usize) -> std::ops::Range<usize> {
    let clamped = |place: f32| place.clamp(0.0, length as f32) as usize;
    clamped(from.floor())..clamped(to.ceil())
}

fn mix(pixel: &mut [u8; 4], Colour(colour): Colour, share: f32) {
    let [red, green, blue, opacity] = pixel;
    let below = f32::from(*opacity) / 255.0 * (1.0 - share);
    let whole = share + below;
    for (channel, new) in [red, green, blue].into_iter().zip(colour) {
        *channel = ((f32::from(new) * share + f32::from(*channel) * below) / whole).round() as u8;
    }
    *opacity = (whole * 255.0).round() as u8;
}

/// How far a place is from a line.
fn distance((x, y): Place, from: Place, to: Place) -> f32 {
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let length = across * across + down * down;
    let along = if length > 0.0 { ((x - from.0) * across + (y - from.1) * down) / length } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    (x - from.0 - along * across).hypot(y - from.1 - along * down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_cover_their_pixels() {
        let mut canvas = Canvas::new(4, 2);
        canvas.rectangle((1.0, 0.0), (2.5, 1.0), Colour([10, 20, 30]));
        let lines: Vec<&[[u8; 4]]> = canvas.lines().collect();
        assert_eq!(lines[0], [[0; 4], [10, 20, 30, 255], [10, 20, 30, 128], [0; 4]]);
        assert_eq!(lines[1], [[0; 4]; 4]);
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        let mut canvas = Canvas::new(2, 2);
        canvas.rectangle((-9.0, -9.0), (99.0, 99.0), Colour([1, 2, 3]));
        canvas.line((f32::NAN, 0.0), (1e30, 1e30), 2.0, Colour([9, 9, 9]));
        assert!(canvas.lines().flatten().all(|pixel| pixel[3] == 255));
    }
}
