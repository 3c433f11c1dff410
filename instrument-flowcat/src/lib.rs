//! Traces conversations that are held with flowcat (`flowcat-core`).

mod error;
mod frame;
mod names;
mod tools;
