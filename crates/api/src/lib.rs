//! HTTP: routes, error body, OpenAPI, health, metrics, viewer page.
//!
//! [`serve`] answers every request of the clients' contract for the [`Services`] it is given, at the root and under
//! `/focus-server`. All errors have one shape, and one place chooses their status.

mod app;
mod assets;
mod body;
mod configure_body;
mod connections;
mod error;
mod exposition;
mod fibre_body;
mod metrics;
mod openapi;
mod origins;
mod path;
mod request;
mod router;
mod routes;
mod server;
mod unstalled;
mod visitors;

pub use app::{Build, Services};
pub use exposition::Exposition;
pub use metrics::Metrics;
pub use openapi::openapi;
pub use origins::{AllowedOrigins, InvalidOrigin};
pub use server::serve;
