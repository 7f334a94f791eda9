use serde::Serialize;

use crate::figures::Figures;

/// What ventix has to keep.
#[derive(Debug, Serialize)]
pub(crate) struct Bar {
    pub(crate) figure: &'static str,
    pub(crate) must: Must,
    /// The figure that it is compared to.
    pub(crate) against: Option<&'static str>,
    /// What came out, as a ratio if it is compared; none if one of both is not measured.
    pub(crate) measured: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Must {
    AtLeast(f64),
    Under(f64),
}

impl Bar {
    pub(crate) fn is_missed(&self) -> bool {
        match (self.measured, self.must) {
            (Some(measured), Must::AtLeast(least)) => measured < least,
            (Some(measured), Must::Under(most)) => measured >= most,
            (None, _) => false,
        }
    }

    pub(crate) fn verdict(&self) -> &'static str {
        match self.measured {
            None => "not measured",
            Some(_) if self.is_missed() => "MISS",
            Some(_) => "ok",
        }
    }
}

const XADD: &str = "Redis: redis-benchmark XADD";
const ENQUEUED: &str = "Redis: Pyventus with RQ enqueued";
const WORKED: &str = "Redis: Pyventus with RQ worked";
const APALIS: &str = "Redis: apalis-redis worked";

/// What is to be kept.
const BARS: [(&str, Must, Option<&str>); 9] = {
    use Must::{AtLeast, Under};
    [
        ("Redis: ventix confirmed", AtLeast(0.25), Some(XADD)),
        (
            "Redis everysec: ventix confirmed",
            AtLeast(0.25),
            Some("Redis everysec: redis-benchmark XADD"),
        ),
        ("Redis: ventix confirmed", AtLeast(30.0), Some(ENQUEUED)),
        ("Redis: ventix handled", AtLeast(100.0), Some(WORKED)),
        ("Redis: ventix handled", AtLeast(2.0), Some(APALIS)),
        ("SQLite: ventix confirmed", AtLeast(20.0), Some(ENQUEUED)),
        ("Redis: idle worker", Under(1.0), None),
        ("SQLite: idle worker", Under(1.0), None),
        ("Redis: ventix emit to handler, median", Under(5.0), None),
    ]
};

pub(crate) fn judge(figures: &Figures) -> Vec<Bar> {
    let bar = |(figure, must, against)| Bar {
        figure,
        must,
        against,
        measured: figures.median(figure).and_then(|measured| match against {
            Some(against) => Some(measured / figures.median(against)?),
            None => Some(measured),
        }),
    };
    BARS.map(bar).into()
}
