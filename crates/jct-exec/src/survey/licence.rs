//! Recognises a licence by phrases that only its text has.

/// A licence file that says nothing known.
pub(super) const UNKNOWN: &str = "unknown";

/// All phrases of an entry must be there, in lower case with single spaces; the first entry wins, so
/// a licence that quotes another stands before it.
const LICENCES: &[(&str, &[&str])] = &[
    ("AGPL-3.0", &["gnu affero general public license", "version 3"]),
    ("LGPL-3.0", &["gnu lesser general public license", "version 3,"]),
    ("LGPL-2.1", &["gnu lesser general public license", "version 2.1"]),
    ("GPL-3.0", &["gnu general public license", "version 3,"]),
    ("GPL-2.0", &["gnu general public license", "version 2,"]),
    ("Apache-2.0", &["apache license", "version 2.0"]),
    ("MPL-2.0", &["mozilla public license", "2.0"]),
    ("EPL-2.0", &["eclipse public license", "v 2.0"]),
    ("BSL-1.0", &["boost software license", "version 1.0"]),
    ("CC0-1.0", &["cc0 1.0 universal"]),
    ("Unlicense", &["free and unencumbered software released into the public domain"]),
    ("ISC", &["permission to use, copy, modify, and/or distribute this software for any purpose"]),
    ("Zlib", &["this software is provided 'as-is'", "altered source versions"]),
    ("MIT", &["permission is hereby granted, free of charge", "the above copyright notice and this permission notice"]),
    ("BSD-3-Clause", &["redistribution and use in source and binary forms", "neither the name"]),
    ("BSD-2-Clause", &["redistribution and use in source and binary forms"]),
];

/// Whether a file's name says that it holds a licence.
pub(super) fn is_licence_file(name: &str) -> bool {
    let name = name.to_lowercase();
    ["license", "licence", "copying", "unlicense"]
        .iter()
        .filter_map(|stem| name.strip_prefix(stem))
        .any(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

/// The SPDX identifier of a licence text, or [`UNKNOWN`].
pub(super) fn recognise(text: &str) -> &'static str {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").to_lowercase();
    LICENCES
        .iter()
        .find(|(_, phrases)| phrases.iter().all(|phrase| text.contains(phrase)))
        .map_or(UNKNOWN, |(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(recognise(text), expect);
    }

    #[test]
    fn known_licences() {
        check(
            "Permission is hereby granted,\n free of charge, ... The above copyright notice\nand this permission notice",
            "MIT",
        );
        check("Apache License\n   Version 2.0, January 2004", "Apache-2.0");
        check("GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "GPL-3.0");
        check("GNU LESSER GENERAL PUBLIC LICENSE\n Version 3, ... GNU General Public License", "LGPL-3.0");
        check("Redistribution and use in source and binary forms ... Neither the name of", "BSD-3-Clause");
        check("all rights reserved", UNKNOWN);
        check("", UNKNOWN);
    }

    #[test]
    fn licence_file_names() {
        for name in ["LICENSE", "LICENSE-MIT", "licence.md", "COPYING.LESSER", "UNLICENSE"] {
            assert!(is_licence_file(name), "{name}");
        }
        for name in ["licenses", "licensed.rs", "src", "copyingtool", "vendor/LICENSE", ""] {
            assert!(!is_licence_file(name), "{name}");
        }
    }
}
