//! The stable names of everything that can be wrong, each with the class that decides the answer over HTTP.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::violation::Violation;

/// What kind of refusal a code is; a server maps it to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViolationClass {
    /// Not JSON, not YAML, not UTF-8: nothing could be read. Over HTTP 400.
    Malformed,
    /// Two things that the caller named do not belong together. Over HTTP 400.
    Mismatch,
    /// Readable, and against the contract. Over HTTP 422.
    Invalid,
}

impl ViolationClass {
    /// What kind of refusal several violations are together: malformed if any is, else invalid if any is, else a mismatch.
    pub(crate) fn of<'v>(violations: impl IntoIterator<Item = &'v Violation>) -> Self {
        let worse = |one: Self, other: Self| match (one, other) {
            (Self::Malformed, _) | (_, Self::Malformed) => Self::Malformed,
            (Self::Invalid, _) | (_, Self::Invalid) => Self::Invalid,
            (Self::Mismatch, Self::Mismatch) => Self::Mismatch,
        };
        violations.into_iter().map(|violation| violation.code.class()).fold(Self::Mismatch, worse)
    }
}

macro_rules! violation_codes {
    ($($class:ident {$(#[doc = $doc:literal] $name:ident = $text:literal;)+})+) => {
        /// Why a manifest or a request is refused; the text form is stable and meant for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ViolationCode {
            $($(#[doc = $doc] $name,)+)+
        }

        impl ViolationCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)+)+];

            /// The stable text form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($(Self::$name => $text,)+)+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $($(Self::$name => $doc.trim_ascii(),)+)+ }
            }

            /// What kind of refusal it is.
            #[must_use]
            pub const fn class(self) -> ViolationClass {
                match self { $($(Self::$name)|+ => ViolationClass::$class,)+ }
            }
        }
    };
}

violation_codes! {
    Malformed {
        /// The request is not one JSON text in UTF-8.
        JsonInvalid = "JSON_INVALID";
        /// The manifest is not UTF-8.
        EncodingInvalid = "ENCODING_INVALID";
        /// The manifest is not YAML.
        YamlInvalid = "YAML_INVALID";
    }
    Mismatch {
        /// The request, its source and the document do not have one name.
        NameMismatch = "NAME_MISMATCH";
        /// The manifest is not the one whose hash the request names.
        HashMismatch = "HASH_MISMATCH";
    }
    Invalid {
        /// The payload is not an object.
        PayloadNotObject = "PAYLOAD_NOT_OBJECT";
        /// The payload has no object `manifest`.
        ManifestMissing = "MANIFEST_MISSING";
        /// A name is missing or blank.
        NameBlank = "NAME_BLANK";
        /// A name is no string of 1 to 128 characters of `A-Z a-z 0-9 . _ -` that begins with a letter or a digit.
        NameInvalid = "NAME_INVALID";
        /// The action is neither `plan` nor `run`.
        ActionUnsupported = "ACTION_UNSUPPORTED";
        /// The source is missing or no object.
        SourceNotObject = "SOURCE_NOT_OBJECT";
        /// The source says no kind.
        KindMissing = "KIND_MISSING";
        /// The kind of source is unknown, or this tower does not take it.
        KindUnsupported = "KIND_UNSUPPORTED";
        /// An inline source has no content.
        ContentMissing = "CONTENT_MISSING";
        /// The content is no string.
        ContentNotString = "CONTENT_NOT_STRING";
        /// The content is blank.
        ContentBlank = "CONTENT_BLANK";
        /// Only an inline source brings its content.
        ContentNotAllowed = "CONTENT_NOT_ALLOWED";
        /// The source needs a path.
        PathMissing = "PATH_MISSING";
        /// The path is not a plain relative path.
        PathInvalid = "PATH_INVALID";
        /// The source needs the name of a configured repo source.
        RepoMissing = "REPO_MISSING";
        /// The name of a repo source is none.
        RepoInvalid = "REPO_INVALID";
        /// The ref is not a name that git takes for a ref.
        RefInvalid = "REF_INVALID";
        /// The expected hash is not `sha256:` and 64 hexadecimal digits in lower case.
        HashInvalid = "HASH_INVALID";
        /// The options are no object.
        OptionsNotObject = "OPTIONS_NOT_OBJECT";
        /// Only `dryRun`, `forceFull` and `maxDocs` can be set for one job.
        OptionKeyUnsupported = "OPTION_KEY_UNSUPPORTED";
        /// The option is neither `true` nor `false`; words and numbers are not converted.
        OptionNotBoolean = "OPTION_NOT_BOOLEAN";
        /// `maxDocs` is no integer.
        MaxDocsNotInteger = "MAX_DOCS_NOT_INTEGER";
        /// `maxDocs` is below one.
        MaxDocsBelowOne = "MAX_DOCS_BELOW_ONE";

        /// The manifest has more than 1048576 bytes.
        YamlTooLarge = "YAML_TOO_LARGE";
        /// Mappings and lists are nested deeper than 64 levels.
        YamlTooDeep = "YAML_TOO_DEEP";
        /// The manifest has more than 100000 nodes.
        YamlTooManyNodes = "YAML_TOO_MANY_NODES";
        /// Aliases (`*name`) are not taken.
        YamlAlias = "YAML_ALIAS";
        /// Anchors (`&name`) are not taken.
        YamlAnchor = "YAML_ANCHOR";
        /// The tag is none of the core schema, or contradicts its value.
        YamlTag = "YAML_TAG";
        /// Directives (`%YAML`, `%TAG`) are not taken.
        YamlDirective = "YAML_DIRECTIVE";
        /// Merge keys (`<<`) are not taken.
        YamlMergeKey = "YAML_MERGE_KEY";
        /// A key of a mapping is no text.
        YamlKeyNotText = "YAML_KEY_NOT_TEXT";
        /// The same key is written twice in one mapping.
        DuplicateKey = "DUPLICATE_KEY";
        /// There is more than one document.
        YamlSeveralDocuments = "YAML_SEVERAL_DOCUMENTS";
        /// The number is infinite or none, or cannot be carried exactly.
        NumberNotExact = "NUMBER_NOT_EXACT";
        /// A text contains U+0000.
        NulCharacter = "NUL_CHARACTER";
        /// The document is no mapping.
        YamlRootNotMapping = "YAML_ROOT_NOT_MAPPING";

        /// A secret is written out where only a reference to one may stand.
        RawSecret = "RAW_SECRET";
        /// The scheme of a reference is written with capitals.
        ReferenceSchemeCase = "REFERENCE_SCHEME_CASE";
        /// A reference is only a part of its value.
        ReferenceNotWhole = "REFERENCE_NOT_WHOLE";
        /// An environment reference is not `${NAME}`.
        EnvRefMalformed = "ENV_REF_MALFORMED";
        /// A profile reference is not `profile://provider#field`.
        ProfileRefMalformed = "PROFILE_REF_MALFORMED";
        /// A profile reference has other characters than letters, digits, `.`, `_` and `-`.
        ProfileRefCharset = "PROFILE_REF_CHARSET";
        /// A vault reference is not `vault://mount/path#field`.
        VaultRefMalformed = "VAULT_REF_MALFORMED";
        /// A vault reference has other characters than letters, digits, `.`, `_`, `-` and the slashes of its path.
        VaultRefCharset = "VAULT_REF_CHARSET";
        /// A vault reference has `.` or `..` for a segment.
        VaultRefTraversal = "VAULT_REF_TRAVERSAL";
        /// Two references would be handed to the work under one name.
        EnvKeyCollision = "ENV_KEY_COLLISION";

        /// The version is missing or not `v0`.
        VersionUnsupported = "VERSION_UNSUPPORTED";
        /// The document has no mapping `metadata`.
        MetadataMissing = "METADATA_MISSING";
        /// The document has no `metadata.name`.
        MetadataNameMissing = "METADATA_NAME_MISSING";
        /// The document has no mapping `embeddings`.
        EmbeddingsMissing = "EMBEDDINGS_MISSING";
        /// The embeddings name no provider.
        ProviderMissing = "PROVIDER_MISSING";
        /// The provider of embeddings is unknown.
        ProviderUnsupported = "PROVIDER_UNSUPPORTED";
        /// The document has no mapping `vectorStore`, or that has no type.
        VectorStoreMissing = "VECTOR_STORE_MISSING";
        /// The type of vector store is unknown.
        VectorStoreUnsupported = "VECTOR_STORE_UNSUPPORTED";
        /// The document has no data source.
        SourcesEmpty = "SOURCES_EMPTY";
        /// A data source is no mapping.
        SourceEntryNotObject = "SOURCE_ENTRY_NOT_OBJECT";
        /// A data source says no type.
        SourceTypeMissing = "SOURCE_TYPE_MISSING";
        /// The type of a data source is unknown.
        SourceTypeUnsupported = "SOURCE_TYPE_UNSUPPORTED";
        /// Two entries of a list have one identifier.
        IdRepeated = "ID_REPEATED";
        /// An entry names another that the document does not have.
        IdUnknown = "ID_UNKNOWN";

        /// A required field is absent or `null`.
        Required = "REQUIRED";
        /// The contract has no field of that name in that place.
        UnknownField = "UNKNOWN_FIELD";
        /// The value is of another type; nothing is converted.
        WrongType = "WRONG_TYPE";
        /// The value is none of those that the field allows.
        ValueNotAllowed = "VALUE_NOT_ALLOWED";
        /// The number is smaller or larger than the field allows.
        OutOfRange = "OUT_OF_RANGE";
        /// A text is empty.
        TooShort = "TOO_SHORT";
        /// A text has too many characters.
        TooLong = "TOO_LONG";
        /// A list has too many entries.
        TooManyItems = "TOO_MANY_ITEMS";
        /// There are more violations than are reported one by one.
        TooManyViolations = "TOO_MANY_VIOLATIONS";
    }
}

impl fmt::Display for ViolationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ViolationCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
