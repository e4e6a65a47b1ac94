//! Two kinds of plots, as SVG with a light and a dark theme. Both axes are logarithmic, so a ratio has the same
//! distance everywhere.

use std::fmt::Write;

/// A series with its own color: a name and points.
#[derive(Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Lines over an axis.
pub(crate) struct Lines {
    pub(crate) title: String,
    pub(crate) x: String,
    pub(crate) series: Vec<Series>,
}

/// Rows with a dot for each series that has a value.
pub(crate) struct Dots {
    pub(crate) title: String,
    pub(crate) series: Vec<String>,
    pub(crate) rows: Vec<(String, Vec<Option<f64>>)>,
}

const STYLE: &str = "
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px }
.number { text-anchor: middle }
.name { text-anchor: end }
.grid { stroke: #d1d9e0 }
path { fill: none; stroke-width: 2 }
path.s0 { stroke: #0969da } path.s1 { stroke: #bc4c00 } path.s2 { stroke: #8250df } path.s3 { stroke: #1a7f37 }
circle.s0 { fill: #0969da } circle.s1 { fill: #bc4c00 } circle.s2 { fill: #8250df } circle.s3 { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.grid { stroke: #3d444d }
path.s0 { stroke: #58a6ff } path.s1 { stroke: #f0883e } path.s2 { stroke: #bc8cff } path.s3 { stroke: #3fb950 }
circle.s0 { fill: #58a6ff } circle.s1 { fill: #f0883e } circle.s2 { fill: #bc8cff } circle.s3 { fill: #3fb950 }
}
";

/// A logarithmic axis.
struct Axis {
    least: f64,
    most: f64,
    /// Its beginning and end in the picture.
    from: f64,
    to: f64,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(0.0, f64::max);
        Axis {
            // With room for the dots.
            least: least / 1.15,
            most: most * 1.15,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value / self.least).ln() / (self.most / self.least).ln();
        self.from + share * (self.to - self.from)
    }

    /// Returns 1, 2 and 5 times each power of ten, or only the powers if there are many.
    fn ticks(&self) -> Vec<f64> {
        let steps: &[f64] = if self.most / self.least > 2_000.0 {
            &[1.0]
        } else {
            &[1.0, 2.0, 5.0]
        };
        (-3..9)
            .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)))
            .filter(|tick| (self.least..=self.most).contains(tick))
            .collect()
    }
}

/// Formats a number, such as 1,000 or 0.5.
fn number(value: f64) -> String {
    if value < 1.0 {
        return format!("{value}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn begin(width: f64, height: f64, title: &str, names: &[String]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n<text class=\"title\" x=\"10\" y=\"20\">{title}</text>\n"
    );
    let mut x = 16.0;
    for (series, name) in names.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<circle class=\"s{series}\" cx=\"{x}\" cy=\"36\" r=\"5\"/><text x=\"{}\" y=\"40\">{name}</text>",
            x + 10.0
        );
        x += 34.0 + 7.0 * name.chars().count() as f64;
    }
    svg
}

impl Lines {
    /// Returns the plot, unless it is empty.
    pub(crate) fn with_points(mut self) -> Option<Self> {
        self.series.retain(|series| !series.points.is_empty());
        (!self.series.is_empty()).then_some(self)
    }

    pub(crate) fn svg(&self) -> String {
        let (width, height) = (720.0, 380.0);
        let points = self.series.iter().flat_map(|series| &series.points);
        let x = Axis::new(points.clone().map(|(x, _)| *x), 70.0, width - 20.0);
        let y = Axis::new(points.map(|(_, y)| *y), height - 50.0, 56.0);
        let names: Vec<_> = self
            .series
            .iter()
            .map(|series| series.name.clone())
            .collect();
        let mut svg = begin(width, height, &self.title, &names);
        for tick in y.ticks() {
            let at = y.place(tick);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" style=\"stroke-width:1\" d=\"M70 {at:.1}H{}\"/><text class=\"name\" x=\"64\" y=\"{:.1}\">{}</text>",
                width - 20.0,
                at + 4.0,
                number(tick)
            );
        }
        let mut at_x: Vec<f64> = self
            .series
            .iter()
            .flat_map(|series| series.points.iter().map(|(x, _)| *x))
            .collect();
        at_x.sort_unstable_by(f64::total_cmp);
        at_x.dedup();
        for tick in at_x {
            let _ = writeln!(
                svg,
                "<text class=\"number\" x=\"{:.1}\" y=\"{}\">{}</text>",
                x.place(tick),
                height - 30.0,
                number(tick)
            );
        }
        let _ = writeln!(
            svg,
            "<text class=\"number\" x=\"{}\" y=\"{}\">{}</text>",
            width / 2.0,
            height - 10.0,
            self.x
        );
        for (index, series) in self.series.iter().enumerate() {
            let places: Vec<_> = series
                .points
                .iter()
                .map(|(a, b)| (x.place(*a), y.place(*b)))
                .collect();
            let line: Vec<_> = places
                .iter()
                .map(|(a, b)| format!("{a:.1} {b:.1}"))
                .collect();
            let _ = writeln!(svg, "<path class=\"s{index}\" d=\"M{}\"/>", line.join("L"));
            for (a, b) in places {
                let _ = writeln!(
                    svg,
                    "<circle class=\"s{index}\" cx=\"{a:.1}\" cy=\"{b:.1}\" r=\"4\"/>"
                );
            }
        }
        svg + "</svg>\n"
    }
}

impl Dots {
    pub(crate) fn svg(&self) -> String {
        let (left, width, row) = (330.0, 860.0, 18.0);
        let bottom = 64.0 + row * self.rows.len() as f64;
        let values = self
            .rows
            .iter()
            .flat_map(|(_, values)| values.iter().flatten().copied());
        let x = Axis::new(values, left, width - 20.0);
        let mut svg = begin(width, bottom + 30.0, &self.title, &self.series);
        for tick in x.ticks() {
            let at = x.place(tick);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" style=\"stroke-width:1\" d=\"M{at:.1} 54V{bottom}\"/><text class=\"number\" x=\"{at:.1}\" y=\"{}\">{}</text>",
                bottom + 16.0,
                number(tick)
            );
        }
        for (index, (name, values)) in self.rows.iter().enumerate() {
            let y = 64.0 + row * index as f64;
            let _ = writeln!(
                svg,
                "<text class=\"name\" x=\"{}\" y=\"{}\">{name}</text>",
                left - 8.0,
                y + 4.0
            );
            // The first series on top of the others.
            for (series, value) in values.iter().enumerate().rev() {
                if let Some(value) = value {
                    let _ = writeln!(
                        svg,
                        "<circle class=\"s{series}\" cx=\"{:.1}\" cy=\"{y}\" r=\"4\"/>",
                        x.place(*value)
                    );
                }
            }
        }
        svg + "</svg>\n"
    }
}
