//! How metrics are made.

use prometheus::core::{Atomic, Collector, GenericGauge, GenericGaugeVec};
use prometheus::{Error, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry};

/// Makes metrics whose names begin with the same prefix, and registers them.
///
/// Every method fails only when a metric of that name is registered already.
#[derive(Debug, Clone)]
pub struct Maker {
    registry: Registry,
    prefix: &'static str,
}

// === impl Maker ===

impl Maker {
    /// For metrics named `<prefix>_…`.
    pub fn new(registry: &Registry, prefix: &'static str) -> Self {
        Self { registry: registry.clone(), prefix }
    }

    /// A counter.
    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter, Error> {
        self.keep(IntCounter::with_opts(self.opts(name, help))?)
    }

    /// Counters that differ in labels.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, Error> {
        self.keep(IntCounterVec::new(self.opts(name, help), labels)?)
    }

    /// A gauge, of whole numbers or of others.
    pub fn gauge<N: Atomic + 'static>(&self, name: &str, help: &str) -> Result<GenericGauge<N>, Error> {
        self.keep(GenericGauge::with_opts(self.opts(name, help))?)
    }

    /// Gauges that differ in labels.
    pub fn gauges<N: Atomic + 'static>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<GenericGaugeVec<N>, Error> {
        self.keep(GenericGaugeVec::new(self.opts(name, help), labels)?)
    }

    /// A histogram of seconds with buckets up to each edge.
    pub fn histogram(&self, name: &str, help: &str, edges: &[f64]) -> Result<Histogram, Error> {
        self.keep(Histogram::with_opts(self.histogram_opts(name, help, edges))?)
    }

    /// Such histograms that differ in labels.
    pub fn histograms(&self, name: &str, help: &str, edges: &[f64], labels: &[&str]) -> Result<HistogramVec, Error> {
        self.keep(HistogramVec::new(self.histogram_opts(name, help, edges), labels)?)
    }

    fn opts(&self, name: &str, help: &str) -> Opts {
        Opts::new(format!("{}_{name}", self.prefix), help)
    }

    fn histogram_opts(&self, name: &str, help: &str, edges: &[f64]) -> HistogramOpts {
        HistogramOpts { common_opts: self.opts(name, help), buckets: edges.to_vec() }
    }

    fn keep<M: Collector + Clone + 'static>(&self, made: M) -> Result<M, Error> {
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }
}
