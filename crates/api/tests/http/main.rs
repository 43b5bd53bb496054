//! The HTTP interface, asked over a real socket.

mod configure;
mod endpoints;
mod errors;
mod log;
mod openapi;
mod page;
mod past;
mod server;
mod transport;
mod websocket;
