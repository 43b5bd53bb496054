use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// What a catalogue in MongoDB leaves out, for Prometheus. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct MongoMetrics {
    documents: Counter,
    files: Counter,
}

impl MongoMetrics {
    /// Metrics that `registry` shows.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "focus_mongodb_documents_skipped",
            "Malformed documents that queries met and left out",
            metrics.documents.clone(),
        );
        registry.register(
            "focus_mongodb_files_skipped",
            "Files of recordings in MongoDB that queries found missing or unreadable and left out",
            metrics.files.clone(),
        );
        metrics
    }

    /// How many malformed documents were left out.
    #[must_use]
    pub fn documents_skipped(&self) -> u64 {
        self.documents.get()
    }

    /// How many files were left out.
    #[must_use]
    pub fn files_skipped(&self) -> u64 {
        self.files.get()
    }

    pub(super) fn document_skipped(&self) {
        self.documents.inc();
    }

    pub(super) fn file_skipped(&self) {
        self.files.inc();
    }
}
