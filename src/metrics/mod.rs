//! The statistics, through the [`metrics`](https://docs.rs/metrics) facade: for whatever
//! recorder the program has installed, as one for Prometheus.
//!
//! Nothing is recorded while events are emitted and delivered. An [`Exporter`] reads the
//! statistics that are kept anyway, and tells the recorder: when it is asked to, or every
//! so often.
//!
//! ```
//! use std::time::Duration;
//! use ventix::metrics::Exporter;
//! use ventix::{on, Emitter, Linker, Strategy};
//!
//! # actix::System::new().block_on(async {
//! ventix::metrics::describe();
//!
//! let linker = Linker::builder().name("orders").start()?;
//! linker.subscribe(on::<u8>().call(|_| ()).named("mailer"))?;
//! let emitter = Emitter::start(&linker, Strategy::current());
//!
//! let exporter = Exporter::new(&linker).with_emitter(&emitter);
//! actix::spawn(exporter.export_every(Duration::from_secs(10)));
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # What is exported
//!
//! | name | kind, unit | labels |
//! |---|---|---|
//! | `ventix_deliveries_total` | counter | of a subscription, and `outcome`: `handled`, `failed`, `panicked`, `timed out`, `lost`, `refused`, `dropped`, `skipped` |
//! | `ventix_retries_total` | counter | of a subscription |
//! | `ventix_deliveries_in_flight` | gauge | of a subscription |
//! | `ventix_deliveries_waiting` | gauge | of a subscription |
//! | `ventix_queue_seconds` | histogram, seconds | of a subscription |
//! | `ventix_run_seconds` | histogram, seconds | of a subscription |
//! | `ventix_emissions_total` | counter | of an emitter |
//! | `ventix_emissions_refused_total` | counter | of an emitter |
//! | `ventix_emitter_deliveries_total` | counter | of an emitter, and `outcome` |
//! | `ventix_emissions_in_flight` | gauge | of an emitter |
//! | `ventix_emissions_waiting` | gauge | of an emitter |
//!
//! The labels of a subscription are `linker` (its name), `subscription` (the id, as `#7`),
//! `name`, and `event`, what it listens to; those of an emitter are `linker` and
//! `emitter`. What has no name is `-`: name linkers and emitters of which there are
//! several, since the figures of those that look alike are mixed up.
//!
//! The histograms have the times that were [sampled](crate::latency), one emission in 64
//! by default: their shape is that of all times, their count is not. Each time is told as
//! the upper end of its bucket, at most 12.5 % too long.

mod describe;
mod exporter;
mod names;

pub use describe::describe;
pub use exporter::Exporter;
