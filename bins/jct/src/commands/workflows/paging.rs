//! Which page of a list.

use clap::Args;

/// Which page.
#[derive(Debug, Args)]
pub(super) struct PageArgs {
    /// Entries on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl PageArgs {
    /// The page as parameters of a request.
    pub(super) fn query(self) -> Vec<(&'static str, String)> {
        let cursor = self.cursor.map(|cursor| ("cursor", cursor));
        cursor.into_iter().chain([("limit", self.limit.to_string())]).collect()
    }
}
