//! A job from `/configure` to its end, over a real recording and a real gRPC client.

mod end;
mod misfortune;
mod server;
