//! What work reads and what it leaves: documents, data, and whether anybody has checked them.

use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, list, or, shape, text, texts, word};
use crate::words::VerificationStatus;

shape! {
    /// A document that lies elsewhere.
    Document {
        /// What it is called.
        title: String = text(1, 256), REQUIRED;
        /// Where it lies.
        uri: String = text(1, 2000), REQUIRED;
        /// A digest of its bytes, with the name of the algorithm.
        digest: Option<String> = text(1, 128), OPTIONAL;
        /// The part that matters.
        excerpt: Option<String> = text(0, 4000), OPTIONAL;
    }

    /// Data, here or elsewhere; it should have exactly one of `uri` and `inline`.
    DataBlob {
        /// What it is called.
        name: String = text(1, 256), REQUIRED;
        /// What kind of data it is.
        media_type: String = text(1, 128), REQUIRED;
        /// Where it lies.
        uri: Option<String> = text(1, 2000), OPTIONAL;
        /// The data itself; counted together with `meta`.
        inline: Option<String> = Rule::Inline, OPTIONAL;
        /// A digest of its bytes, with the name of the algorithm.
        digest: Option<String> = text(1, 128), OPTIONAL;
    }

    /// What an issue is worked on with.
    #[derive(Default)]
    ContextInputs {
        /// Documents to read.
        documents: Vec<Document> = list::<Document>(), EMPTY;
        /// Data to use.
        data_blobs: Vec<DataBlob> = list::<DataBlob>(), EMPTY;
        /// Places to look at.
        links: Vec<String> = texts(), EMPTY;
    }

    /// One check of an artifact.
    VerificationCheck {
        /// What was checked.
        name: String = text(1, 128), REQUIRED;
        /// Whether it held.
        status: VerificationStatus = word(VerificationStatus::WORDS), REQUIRED;
        /// Where the proof lies.
        evidence_uri: Option<String> = text(1, 2000), OPTIONAL;
    }

    /// Whether an artifact is what it should be.
    Verification {
        /// The verdict of whoever wrote it.
        status: VerificationStatus = word(VerificationStatus::WORDS), or("unverified");
        /// What it rests on.
        checks: Vec<VerificationCheck> = list::<VerificationCheck>(), EMPTY;
    }
}

impl Default for Verification {
    fn default() -> Self {
        Self { status: VerificationStatus::Unverified, checks: Vec::new() }
    }
}
