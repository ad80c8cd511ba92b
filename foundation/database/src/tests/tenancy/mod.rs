//! The rows of one org: shapes, pages, arrival, departure and capture, over tables of every kind, on both engines.

mod arrival;
mod capture;
mod capture_races;
mod plans;
mod reading;
mod shapes;
mod world;
