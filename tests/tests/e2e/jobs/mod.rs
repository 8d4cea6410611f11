//! Jobs over HTTP, in the hands of workers that share no code with the tower.

mod python;
