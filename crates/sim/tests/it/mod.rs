//! One file for each subject.

mod deliveries;
