//! What is wrong with a configuration, and what is merely worth knowing.

use core::fmt;

use super::kind::Type;
use super::path::Path;
use crate::value::money::MoneyError;

/// A reason to refuse the configuration. Shows no value that came from the environment, and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Path,
    /// What.
    pub trouble: Trouble,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.trouble)
    }
}

impl std::error::Error for Fault {}

/// Something the operator should know about a configuration that is taken all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub at: Path,
    /// What.
    pub note: Note,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.note)
    }
}

/// What can be wrong. Texts in here are as the file has them: a reference to a variable, never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// An alias that leads back to itself.
    AliasLoop,
    /// An alias with the name of a model group.
    AliasShadows,
    /// An address that cannot be used.
    Base(BadBase),
    /// Neither JSON text nor a protobuf Struct.
    Bytes,
    /// Two kinds of connection under one name.
    ClusterConflict {
        /// The name.
        cluster: String,
        /// A deployment that uses it otherwise.
        other: Path,
    },
    /// A credential that is none, and why.
    Credential(&'static str),
    /// A header name or value HTTP does not allow.
    Header,
    /// A header field the gateway or Envoy sets.
    HeaderOwned,
    /// A key or name that must be unique, given again.
    Duplicate {
        /// Where it was first.
        first: Path,
    },
    /// Nothing where something must be.
    Empty,
    /// JSON text with a mistake.
    Json(String),
    /// A key that must be there.
    Missing(&'static str),
    /// A model whose provider cannot be told from its name.
    ModelProvider(String),
    /// A prefix that names no provider.
    ModelPrefix {
        /// The prefix.
        prefix: String,
        /// The nearest provider there is.
        nearest: Option<&'static str>,
        /// Whether the deployment has an `api_base`.
        has_base: bool,
    },
    /// A model that is neither a group nor an alias, and that no group's pattern matches.
    NoGroup {
        /// As the file calls it.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// A word that is none of those known here.
    NoSuch {
        /// What it is to be.
        what: &'static str,
        /// As the file has it.
        name: String,
        /// The nearest word there is.
        nearest: Option<&'static str>,
    },
    /// A provider LiteLLM knows and the gateway does not yet.
    NotYet {
        /// What.
        what: &'static str,
        /// As the file calls it.
        name: String,
    },
    /// A known key that is not built yet and would matter.
    NotYetKey,
    /// A name or address with characters that cannot travel in a header field.
    Characters,
    /// A routing group with a member that stands for many models.
    PatternMember(String),
    /// A pattern where one model must be named.
    PatternTarget(String),
    /// A placeholder the template does not know.
    Placeholder(String),
    /// A price that is not one.
    Price(MoneyError),
    /// A number outside the range.
    Range(&'static str),
    /// A model with more `*` than the name of its group.
    Stars(String),
    /// A key that is not known.
    Unknown {
        /// The nearest key known here.
        nearest: Option<&'static str>,
        /// The section the key belongs into.
        belongs: Option<&'static str>,
    },
    /// An environment variable that is not set.
    Unset(String),
    /// Weights that are all zero.
    Weightless(String),
    /// A value of the wrong type.
    Wrong {
        /// What it must be.
        wanted: Type,
        /// What it is.
        found: Type,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::AliasLoop => f.write_str("the alias leads back to itself"),
            Trouble::AliasShadows => f.write_str("a model group has this name already"),
            Trouble::Base(bad) => bad.fmt(f),
            Trouble::Bytes => f.write_str("neither JSON text nor a google.protobuf.Struct"),
            Trouble::Characters => {
                f.write_str("has characters that cannot travel in a header field")
            }
            Trouble::ClusterConflict { cluster, other } => {
                write!(
                    f,
                    "cluster `{cluster}` is used both with and without TLS, see {other}"
                )
            }
            Trouble::Credential(why) => write!(f, "the credential {why}"),
            Trouble::Duplicate { first } => write!(f, "given already at {first}"),
            Trouble::Empty => f.write_str("empty"),
            Trouble::Header => f.write_str("not a valid header field"),
            Trouble::HeaderOwned => f.write_str("the gateway sets this header field itself"),
            Trouble::Json(words) => write!(f, "not valid JSON: {words}"),
            Trouble::Missing(key) => write!(f, "`{key}` is missing"),
            Trouble::ModelPrefix {
                prefix,
                nearest,
                has_base,
            } => prefix_words(f, prefix, *nearest, *has_base),
            Trouble::ModelProvider(model) => write!(
                f,
                "no provider is known for the model `{model}`: put the provider in front, as in `openai/gpt-4o` or `hosted_vllm/my-model`"
            ),
            Trouble::NoGroup { name, nearest } => {
                let hint = Hint(nearest.as_deref());
                write!(f, "no model group is named `{name}`{hint}")
            }
            Trouble::NoSuch {
                what,
                name,
                nearest,
            } => write!(f, "no {what} is named `{name}`{}", Hint(*nearest)),
            Trouble::NotYet { what, name } => write!(f, "{what} `{name}` is not supported yet"),
            Trouble::NotYetKey => f.write_str(
                "not supported yet, and leaving it out would change what the file promises",
            ),
            Trouble::PatternMember(name) => write!(
                f,
                "`{name}` has no deployments of its own: a routing group has no name to fill its `*` with"
            ),
            Trouble::PatternTarget(name) => {
                write!(f, "`{name}` stands for many models: name one")
            }
            Trouble::Placeholder(name) => write!(
                f,
                "`{{{name}}}` is not one of {{host}}, {{port}}, {{scheme}}"
            ),
            Trouble::Price(error) => error.fmt(f),
            Trouble::Range(range) => write!(f, "must be {range}"),
            Trouble::Stars(model) => write!(
                f,
                "`{model}` has more `*` than the `model_name` has to fill them with"
            ),
            Trouble::Unknown {
                belongs: Some(section),
                ..
            } => write!(f, "not known here: it belongs into `{section}`"),
            Trouble::Unknown { nearest, .. } => write!(f, "unknown key{}", Hint(*nearest)),
            Trouble::Unset(name) => write!(f, "the environment variable `{name}` is not set"),
            Trouble::Weightless(group) => write!(f, "every deployment of `{group}` has weight 0"),
            Trouble::Wrong { wanted, found } => write!(f, "must be {wanted}, not {found}"),
        }
    }
}

fn prefix_words(
    f: &mut fmt::Formatter<'_>,
    prefix: &str,
    nearest: Option<&str>,
    has_base: bool,
) -> fmt::Result {
    write!(f, "no provider is named `{prefix}`{}", Hint(nearest))?;
    if has_base {
        f.write_str(
            "; for a server that speaks OpenAI's format put `openai/` in front of the model",
        )?;
    }
    Ok(())
}

struct Hint<'a>(Option<&'a str>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .map_or(Ok(()), |name| write!(f, ", did you mean `{name}`?"))
    }
}

/// Why an address cannot be used. The address itself is not shown: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBase {
    /// A fragment (`#…`).
    Fragment,
    /// Not an absolute address with a valid host.
    Invalid,
    /// No address, and the provider has no usual one.
    Missing,
    /// A port outside 1 to 65535.
    Port,
    /// A query (`?…`).
    Query,
    /// Neither http nor https.
    Scheme,
    /// A user or password.
    UserInfo,
}

impl fmt::Display for BadBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadBase::Fragment => "must not have a fragment (`#…`)",
            BadBase::Invalid => "must be an address like `https://host:port/path`",
            BadBase::Missing => "`api_base` is missing: this provider has no usual address",
            BadBase::Port => "the port must be from 1 to 65535",
            BadBase::Query => "must not have a query (`?…`)",
            BadBase::Scheme => "must start with `http://` or `https://`",
            BadBase::UserInfo => {
                "must not have a user or password: use `api_key` or `extra_headers`"
            }
        })
    }
}

/// What can be worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Groups that go on to each other in a circle: their names in the order of the way, the first one again at its end.
    Circle(Vec<String>),
    /// A LiteLLM key that has no meaning here, and why.
    Ignored(&'static str),
    /// The provider's own key variable is used for another host.
    KeyElsewhere(&'static str),
    /// No key, and the provider wants one.
    NoKey(Option<&'static str>),
    /// A known key that is not built yet, and what happens instead.
    NotYet(&'static str),
    /// Members of a routing group have a weight (or rpm, tpm), the deployments of this one have none.
    NoShare {
        /// What decides.
        column: &'static str,
        /// The member.
        model: String,
    },
    /// Siblings have a weight (or rpm, tpm), this deployment has none.
    NoWeight(&'static str),
    /// The same is said elsewhere, and counts there.
    Overridden(Path),
    /// A group that goes on to itself.
    ToItself,
    /// An environment variable nothing asks for.
    Unused,
    /// Nobody knows what the model costs.
    Unpriced,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Circle(names) => {
                let way = names.join("` → `");
                write!(
                    f,
                    "a circle, `{way}`: no model is tried twice, so it ends there"
                )
            }
            Note::Ignored(why) => write!(f, "ignored: {why}"),
            Note::KeyElsewhere(name) => {
                write!(
                    f,
                    "no `api_key`: the key in `{name}` is sent to an address that is not the provider's own"
                )
            }
            Note::NoKey(Some(name)) => write!(
                f,
                "no `api_key`, and `{name}` is not set: requests go out without a key"
            ),
            Note::NoKey(None) => f.write_str("no `api_key`: requests go out without a key"),
            Note::NoShare { column, model } => write!(
                f,
                "the deployments of `{model}` have no `{column}` while others of this routing group have one: it sends them nothing"
            ),
            Note::NoWeight(column) => {
                write!(
                    f,
                    "no `{column}` while others of its group have one: it gets no traffic"
                )
            }
            Note::NotYet(instead) => write!(f, "not supported yet: {instead}"),
            Note::Overridden(other) => write!(f, "ignored: {other} counts"),
            Note::ToItself => f.write_str("ignored: the group itself has failed by then"),
            Note::Unpriced => f.write_str(
                "unknown price: what it costs is not counted, only how often it is asked",
            ),
            Note::Unused => f.write_str("ignored: nothing in this file asks for it"),
        }
    }
}
