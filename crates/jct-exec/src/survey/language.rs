//! Tells a file's language by its name.

/// The name for text in no language of the table.
pub(super) const OTHER: &str = "Other text";

const BY_EXTENSION: &[(&str, &[&str])] = &[
    ("Ada", &["adb", "ads"]),
    ("Assembly", &["asm", "s"]),
    ("Batch", &["bat", "cmd"]),
    ("C", &["c", "h"]),
    ("C#", &["cs"]),
    ("C++", &["cc", "cpp", "cxx", "hh", "hpp", "hxx"]),
    ("CSS", &["css", "less", "sass", "scss"]),
    ("CSV", &["csv", "tsv"]),
    ("Clojure", &["clj", "cljc", "cljs"]),
    ("Dart", &["dart"]),
    ("Elixir", &["ex", "exs"]),
    ("Elm", &["elm"]),
    ("Erlang", &["erl", "hrl"]),
    ("F#", &["fs", "fsi", "fsx"]),
    ("Fortran", &["f", "f03", "f90", "f95"]),
    ("Go", &["go"]),
    ("GraphQL", &["gql", "graphql"]),
    ("Groovy", &["gradle", "groovy"]),
    ("HTML", &["htm", "html", "xhtml"]),
    ("Haskell", &["hs", "lhs"]),
    ("INI", &["cfg", "conf", "ini", "properties"]),
    ("JSON", &["json", "json5", "jsonc", "jsonl"]),
    ("Java", &["java"]),
    ("JavaScript", &["cjs", "js", "jsx", "mjs"]),
    ("Julia", &["jl"]),
    ("Kotlin", &["kt", "kts"]),
    ("Lua", &["lua"]),
    ("Markdown", &["markdown", "md", "mdx"]),
    ("Nix", &["nix"]),
    ("OCaml", &["ml", "mli"]),
    ("Objective-C", &["m", "mm"]),
    ("PHP", &["php"]),
    ("Pascal", &["pas", "pp"]),
    ("Perl", &["pl", "pm"]),
    ("PowerShell", &["ps1", "psm1"]),
    ("Protocol Buffers", &["proto"]),
    ("Python", &["py", "pyi", "pyw"]),
    ("R", &["r", "rmd"]),
    ("Ruby", &["gemspec", "rake", "rb"]),
    ("Rust", &["rs"]),
    ("SQL", &["sql"]),
    ("SVG", &["svg"]),
    ("Scala", &["sbt", "scala"]),
    ("Shell", &["bash", "fish", "sh", "zsh"]),
    ("Svelte", &["svelte"]),
    ("Swift", &["swift"]),
    ("TOML", &["toml"]),
    ("TeX", &["bib", "cls", "sty", "tex"]),
    ("Terraform", &["hcl", "tf", "tfvars"]),
    ("Text", &["adoc", "rst", "txt"]),
    ("TypeScript", &["cts", "mts", "ts", "tsx"]),
    ("Verilog", &["sv", "v"]),
    ("Visual Basic", &["vb"]),
    ("Vue", &["vue"]),
    ("XML", &["xml", "xsd", "xsl"]),
    ("YAML", &["yaml", "yml"]),
    ("Zig", &["zig"]),
];

const BY_NAME: &[(&str, &str)] = &[
    ("cmakelists.txt", "CMake"),
    ("containerfile", "Dockerfile"),
    ("dockerfile", "Dockerfile"),
    ("gemfile", "Ruby"),
    ("gnumakefile", "Makefile"),
    ("jenkinsfile", "Groovy"),
    ("justfile", "Just"),
    ("makefile", "Makefile"),
    ("rakefile", "Ruby"),
];

/// The language of a text file, from its path.
pub(super) fn language(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    if let Some((_, language)) = BY_NAME.iter().find(|(known, _)| *known == name) {
        return language;
    }
    let Some((_, extension)) = name.rsplit_once('.') else {
        return OTHER;
    };
    BY_EXTENSION.iter().find(|(_, extensions)| extensions.contains(&extension)).map_or(OTHER, |(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: &str) {
        assert_eq!(language(path), expect);
    }

    #[test]
    fn names_before_extensions() {
        check("src/main.rs", "Rust");
        check("A/B.PY", "Python");
        check("CMakeLists.txt", "CMake");
        check("notes.txt", "Text");
        check("docker/Dockerfile", "Dockerfile");
        check("LICENSE", OTHER);
        check("x.unknown", OTHER);
        check("", OTHER);
    }

    #[test]
    fn no_extension_stands_twice() {
        let mut all: Vec<_> = BY_EXTENSION.iter().flat_map(|(_, list)| list.iter()).collect();
        let before = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), before);
    }
}
