use std::sync::Arc;

use focus_core::{Fibre, JobId, Plan, View};

/// What a job shows: everything about it that never changes.
#[derive(Clone, Debug)]
pub struct JobSpec {
    /// Its name.
    pub id: JobId,
    /// What was asked for.
    pub view: View,
    /// What that yields.
    pub plan: Plan,
    /// The fibre or the recording that is shown.
    pub fibre: Arc<Fibre>,
}
