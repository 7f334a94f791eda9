//! The ratios that ventix has to keep.

use std::fmt;

use crate::contestants::actix::RAW;
use crate::contestants::broker::BROKER;
use crate::contestants::ventix::{By, How, To, Way};
use crate::contestants::{kameo, ractor, tokio};
use crate::shapes::{
    Shape, elsewhere, hundred, many_events, memory, nobody, one, request, subscribes, two_threads,
};

/// A limit on a figure, or on the ratio of one to another of the same shape.
#[derive(Clone, Debug)]
pub struct Bar {
    shape: &'static str,
    subject: String,
    /// What the subject is divided by; its own figure without.
    against: Option<String>,
    must: Option<f64>,
    aim: Option<f64>,
}

/// How a figure compares to its bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// What it must be, and aims to be, it is.
    Aim,
    /// What it must be it is.
    Ok,
    /// What it aims to be it is not, and nothing says what it must be.
    Short,
    /// What it must be it is not.
    Miss,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Aim => "aim",
            Self::Ok => "ok",
            Self::Short => "short",
            Self::Miss => "MISS",
        })
    }
}

/// A bar, and what was measured.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Judged {
    /// Of which shape.
    pub shape: &'static str,
    /// Whose figure.
    pub subject: String,
    /// What it was divided by, if it was.
    pub against: Option<String>,
    /// The ratio of the medians, or the median.
    pub measured: f64,
    /// The same of the best turns.
    pub of_minima: f64,
    /// What it must not exceed.
    pub must: Option<f64>,
    /// What it would better not exceed.
    pub aim: Option<f64>,
    /// How it compares.
    pub verdict: Verdict,
}

impl Bar {
    fn new(
        shape: &'static str,
        subject: impl fmt::Display,
        against: impl fmt::Display,
        must: impl Into<Option<f64>>,
        aim: impl Into<Option<f64>>,
    ) -> Self {
        Self {
            shape,
            subject: subject.to_string(),
            against: Some(against.to_string()),
            must: must.into(),
            aim: aim.into(),
        }
    }

    fn alone(shape: &'static str, subject: &str, must: impl Into<Option<f64>>, aim: f64) -> Self {
        Self {
            shape,
            subject: subject.to_owned(),
            against: None,
            must: must.into(),
            aim: Some(aim),
        }
    }

    /// Judges what was measured of the bar's shape; nothing where it was not measured.
    fn judge(self, shape: &Shape) -> Option<Judged> {
        let find = |name: &str| shape.rows.iter().find(|row| row.name == name);
        let subject = find(&self.subject)?;
        let (median, min) = match &self.against {
            Some(against) => find(against).map(|row| (row.median, row.min))?,
            None => (1.0, 1.0),
        };
        let measured = subject.median / median;
        let verdict = match (self.must, self.aim) {
            (Some(must), _) if measured > must => Verdict::Miss,
            (must, Some(aim)) if measured > aim => match must {
                Some(_) => Verdict::Ok,
                None => Verdict::Short,
            },
            (_, Some(_)) => Verdict::Aim,
            (_, None) => Verdict::Ok,
        };
        Some(Judged {
            shape: self.shape,
            subject: self.subject,
            against: self.against,
            measured,
            of_minima: subject.min / min,
            must: self.must,
            aim: self.aim,
            verdict,
        })
    }
}

/// Judges what was measured.
#[must_use]
pub fn judge(shapes: &[Shape]) -> Vec<Judged> {
    let judge = |bar: Bar| {
        let shape = shapes.iter().find(|shape| shape.name == bar.shape)?;
        bar.judge(shape)
    };
    all().into_iter().filter_map(judge).collect()
}

/// All bars.
fn all() -> Vec<Bar> {
    let emit = |by, to| Way(by, How::Emit, to);
    let actor = emit(By::Inline, To::Actor);
    let callback = emit(By::Inline, To::Callback);
    let typed = |to| Way(By::Inline, How::Typed, to);
    let current = emit(By::Current, To::Callback);
    let batch = Way(By::Dedicated, How::EmitAll, To::Callback);
    let waited = Way(By::Inline, How::EmitAndWait, To::Actor);
    let [few, many] = subscribes::SIZES.map(subscribes::rows_of);
    let [few_subscribes, few_unsubscribes] = few;
    let [many_subscribes, many_unsubscribes] = many;
    vec![
        Bar::new(one::NAME, typed(To::Actor), RAW, 1.8, 1.4),
        Bar::new(one::NAME, typed(To::Actor), BROKER, 0.5, 0.35),
        Bar::new(one::NAME, actor, RAW, 2.1, 1.6),
        Bar::new(one::NAME, actor, BROKER, 0.6, 0.4),
        Bar::new(one::NAME, callback, RAW, 1.5, 1.0),
        Bar::new(one::NAME, typed(To::Callback), RAW, 1.2, 0.7),
        Bar::new(hundred::NAME, actor, RAW, 1.3, 1.1),
        Bar::new(hundred::NAME, actor, kameo::BUS, 0.4, None),
        Bar::new(hundred::NAME, actor, kameo::PUBSUB, 0.4, None),
        Bar::new(hundred::NAME, actor, ractor::PORT, 0.4, None),
        Bar::new(hundred::NAME, actor, BROKER, None, 1.0),
        Bar::new(hundred::NAME, callback, RAW, 0.15, 0.08),
        Bar::new(hundred::NAME, callback, tokio::BROADCAST, 0.3, None),
        Bar::new(hundred::NAME, current, RAW, 0.3, 0.12),
        Bar::new(elsewhere::NAME, actor, RAW, 1.3, 1.0),
        Bar::new(elsewhere::NAME, batch, RAW, 0.5, 0.1),
        Bar::new(
            two_threads::NAME,
            two_threads::row(callback, 2),
            two_threads::row(callback, 1),
            3.0,
            1.5,
        ),
        Bar::new(request::NAME, waited, request::RAW, 2.0, 1.2),
        Bar::new(nobody::NAME, nobody::EMIT, RAW, 0.3, 0.1),
        Bar::new(
            many_events::NAME,
            many_events::AMONG,
            many_events::ALONE,
            1.1,
            1.02,
        ),
        Bar::new(
            subscribes::NAME,
            many_subscribes,
            few_subscribes,
            13.0,
            11.0,
        ),
        Bar::new(
            subscribes::NAME,
            many_unsubscribes,
            few_unsubscribes,
            13.0,
            11.0,
        ),
        Bar::alone(memory::NAME, memory::IDLE, 512.0, 200.0),
        Bar::alone(memory::NAME, memory::BEYOND, 2.0, 1.0),
        Bar::alone(memory::NAME, memory::BATCH, None, 1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Bar, Verdict, all, judge};
    use crate::contest::Row;
    use crate::shapes::{ALL, Shape};

    fn shape(name: &str, figures: &[(&str, f64)]) -> Shape {
        let row =
            |&(name, figure): &(&str, f64)| Row::of(name, vec![figure, figure / 2.0, figure * 9.0]);
        Shape {
            name: name.to_owned(),
            unit: "ns".to_owned(),
            floor: None,
            rows: figures.iter().map(row).collect(),
        }
    }

    #[test]
    fn verdict_follows_from_the_ratio_of_the_medians() {
        let shape = shape("it", &[("a", 30.0), ("b", 20.0)]);
        let verdict = |must: Option<f64>, aim: Option<f64>| {
            let judged = Bar::new("it", "a", "b", must, aim).judge(&shape).unwrap();
            assert_eq!((judged.measured, judged.of_minima), (1.5, 1.5));
            judged.verdict
        };
        assert_eq!(verdict(Some(1.4), Some(1.0)), Verdict::Miss);
        assert_eq!(verdict(Some(1.5), Some(1.4)), Verdict::Ok);
        assert_eq!(verdict(Some(1.6), Some(1.5)), Verdict::Aim);
        assert_eq!(verdict(Some(1.5), None), Verdict::Ok);
        assert_eq!(verdict(Some(1.4), None), Verdict::Miss);
        assert_eq!(verdict(None, Some(1.4)), Verdict::Short);
        assert_eq!(verdict(None, Some(1.5)), Verdict::Aim);
    }

    #[test]
    fn figure_alone_is_its_own_measure() {
        let shape = shape("it", &[("a", 600.0)]);
        let judged = Bar::alone("it", "a", 512.0, 200.0).judge(&shape).unwrap();
        assert_eq!((judged.measured, judged.verdict), (600.0, Verdict::Miss));
    }

    #[test]
    fn shape_that_was_not_measured_is_not_judged() {
        assert!(judge(&[shape("another", &[("a", 1.0)])]).is_empty());
    }

    #[test]
    fn every_bar_is_of_a_shape_and_no_aim_is_above_its_must() {
        for bar in all() {
            assert!(ALL.iter().any(|(name, _)| *name == bar.shape), "{bar:?}");
            assert!(bar.must.is_some() || bar.aim.is_some(), "{bar:?}");
            if let (Some(must), Some(aim)) = (bar.must, bar.aim) {
                assert!(aim < must, "{bar:?}");
            }
        }
    }
}
