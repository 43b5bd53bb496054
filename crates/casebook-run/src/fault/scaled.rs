//! Something on a cluster that runs in another number.

use kube::api::{Patch, PatchParams};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::DEADLINE;
use crate::environment::{Cluster, Workload};
use crate::kubernetes::{Connection, kinds};

/// An object on a cluster that was told to run in another number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaled {
    /// The cluster.
    pub cluster: Cluster,
    /// What is scaled, e.g. `deployment/focus-server`.
    pub object: String,
    /// The number in which it ran.
    pub before: i32,
    /// The number in which it shall run.
    pub to: i32,
}

impl Scaled {
    /// What has to be done so that it runs in another number; nothing is done yet.
    ///
    /// # Errors
    ///
    /// A sentence, when it cannot be seen in which number it runs, or when that would not change.
    pub(crate) async fn plan(cluster: &Cluster, workload: &Workload, to: u32) -> Result<Self, String> {
        let Workload::Object(object) = workload else {
            return Err(
                "labels alone cannot be scaled; name an object, e.g. \"deployment/focus-server\"".to_owned()
            );
        };
        let to = i32::try_from(to).map_err(|_| format!("{to} is more than Kubernetes can count"))?;
        let mut scaled = Self { cluster: cluster.clone(), object: object.clone(), before: to, to };
        scaled.before = scaled.number().await?;
        if scaled.before == to {
            return Err(format!("{object} is {to} already, so that nothing would be broken"));
        }
        Ok(scaled)
    }

    pub(super) async fn apply(&self) -> Result<(), String> {
        self.set(self.to).await
    }

    pub(super) async fn undo(&self) -> Result<(), String> {
        self.set(self.before).await
    }

    pub(super) async fn is_gone(&self) -> Result<bool, String> {
        Ok(self.number().await? == self.before)
    }

    /// The number in which it shall run now.
    async fn number(&self) -> Result<i32, String> {
        let (kind, name) = self.parts()?;
        let connection = Connection::open(&self.cluster, DEADLINE).await?;
        let what = format!("the scale of {}", self.object);
        let scale = connection.call(&what, connection.objects(&kind).get_scale(name)).await?;
        // What is not written is none: Kubernetes leaves zeros out.
        Ok(scale.spec.and_then(|spec| spec.replicas).unwrap_or(0))
    }

    async fn set(&self, number: i32) -> Result<(), String> {
        let (kind, name) = self.parts()?;
        let connection = Connection::open(&self.cluster, DEADLINE).await?;
        let patch = Patch::Merge(json!({ "spec": { "replicas": number } }));
        let params = PatchParams::default();
        let what = format!("{} to be {number}", self.object);
        let call = connection.objects(&kind);
        connection.call(&what, call.patch_scale(name, &params, &patch)).await.map(drop)
    }

    fn parts(&self) -> Result<(kube::core::ApiResource, &str), String> {
        let parts = self.object.split_once('/').and_then(|(kind, name)| Some((kinds::find(kind)?, name)));
        parts.ok_or_else(|| format!("{} is no object of a cluster", self.object))
    }
}
