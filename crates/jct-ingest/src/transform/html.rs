//! Takes the text out of HTML. The parser behind it reads once from front to back and nests nothing, so that no document
//! can make it slow or deep.

/// Endings of names, in lower case.
const ENDINGS: [&str; 3] = [".html", ".htm", ".xhtml"];
/// Where a document without such a name may say what it is, in bytes.
const LOOKED_AT: usize = 256;

/// Whether a document is HTML, by its name or by how it begins.
pub(crate) fn is_html(path: &str, text: &str) -> bool {
    let path = path.to_lowercase();
    let beginning: String = text.trim_start().chars().take(LOOKED_AT).collect::<String>().to_lowercase();
    ENDINGS.iter().any(|ending| path.ends_with(ending))
        || beginning.starts_with("<!doctype html")
        || beginning.starts_with("<html")
}

/// The text, with plain line ends.
pub(crate) fn text_of(html: &str) -> String {
    nanohtml2text::html2text(html).replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn html_is_known_by_name_or_beginning() {
        assert!(is_html("a/B.HTML", ""));
        assert!(is_html("a", "\n<!DOCTYPE html><p>"));
        assert!(is_html("a", "<html lang=en>"));
        assert!(!is_html("a.md", "<p>"));
    }

    #[test]
    fn text_comes_out_and_programs_do_not() {
        let html = "<html><head><title>T</title><style>p{}</style></head><body><script>alert(1)</script>\
                    <p>a &lt;b&gt; &eacute;<br>c</p><ul><li>one</li></ul></body></html>";
        let text = text_of(html);
        assert!(text.contains("a <b> é\nc") && text.contains("one"), "{text}");
        assert!(!text.contains("alert") && !text.contains("p{}") && !text.contains('\r'), "{text}");
    }

    #[test]
    fn nesting_without_end_is_read_all_the_same() {
        assert!(text_of(&format!("{}x", "<div>".repeat(200_000))).contains('x'));
    }

    proptest! {
        #[test]
        fn nothing_panics(html in "(<|>|&|;|/|!|-|a|é|\"|'|=| |\n|<p|<script|</|<!--|&#x?[0-9a-f]{0,8}){0,60}", any in "\\PC{0,80}") {
            let _ = (text_of(&html), text_of(&any));
        }
    }
}
