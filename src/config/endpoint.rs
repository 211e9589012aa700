//! Where a deployment is: its address taken apart, and the name of Envoy's cluster for it.

use std::collections::HashMap;
use std::net::Ipv6Addr;

use http::Uri;
use http::uri::Authority;

use super::deployment::Draft;
use super::faults::{BadBase, Trouble};
use super::plan::Endpoint;
use super::section::Findings;

/// An `api_base` taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// Whether it is https.
    pub tls: bool,
    /// The host in lower case, an IPv6 address without brackets.
    pub host: String,
    /// The port, the scheme's own if none is given.
    pub port: u16,
    /// The path without a slash at its end.
    pub path: String,
}

impl Base {
    /// Takes an address apart.
    pub fn parse(text: &str) -> Result<Base, BadBase> {
        let text = text.trim();
        if text.contains('#') {
            return Err(BadBase::Fragment);
        }
        let tls = is_tls(text)?;
        let uri: Uri = text.parse().map_err(|_| BadBase::Invalid)?;
        if uri.query().is_some() {
            return Err(BadBase::Query);
        }
        let authority = uri.authority().ok_or(BadBase::Invalid)?;
        if authority.as_str().contains('@') {
            return Err(BadBase::UserInfo);
        }
        let host = host(authority.host())?;
        let port = port(authority)?.unwrap_or(usual_port(tls));
        Ok(Base {
            tls,
            host,
            port,
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// With Envoy's name for it.
    pub fn at(self, cluster: String) -> Endpoint {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let authority = if self.port == usual_port(self.tls) {
            host
        } else {
            format!("{host}:{}", self.port)
        };
        Endpoint {
            cluster,
            tls: self.tls,
            host: self.host,
            port: self.port,
            authority,
            base_path: self.path,
        }
    }
}

/// How clusters are named.
#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Host,
    Port,
    Scheme,
    Text(String),
}

impl Template {
    /// `{host}_{port}`.
    pub fn usual() -> Template {
        Template(vec![Piece::Host, Piece::Text("_".to_owned()), Piece::Port])
    }

    /// Reads text with `{host}`, `{port}` and `{scheme}` in it.
    pub fn parse(text: &str) -> Result<Template, Trouble> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(Trouble::Characters);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(placeholder(name)?);
            rest = tail;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Template(pieces))
    }

    /// The name of the cluster for `base`.
    pub fn fill(&self, base: &Base) -> String {
        let fill = |piece: &Piece| match piece {
            Piece::Host => base.host.clone(),
            Piece::Port => base.port.to_string(),
            Piece::Scheme => if base.tls { "https" } else { "http" }.to_owned(),
            Piece::Text(text) => text.clone(),
        };
        self.0.iter().map(fill).collect()
    }
}

fn placeholder(name: &str) -> Result<Piece, Trouble> {
    match name {
        "host" => Ok(Piece::Host),
        "port" => Ok(Piece::Port),
        "scheme" => Ok(Piece::Scheme),
        other => Err(Trouble::Placeholder(other.to_owned())),
    }
}

fn is_tls(text: &str) -> Result<bool, BadBase> {
    let (scheme, _) = text.split_once("://").ok_or(BadBase::Scheme)?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok(false),
        "https" => Ok(true),
        _ => Err(BadBase::Scheme),
    }
}

fn host(text: &str) -> Result<String, BadBase> {
    if let Some(inner) = text.strip_prefix('[') {
        let address: Ipv6Addr = inner
            .trim_end_matches(']')
            .parse()
            .map_err(|_| BadBase::Invalid)?;
        return Ok(address.to_string());
    }
    let is_host = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    if is_host {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(BadBase::Invalid)
    }
}

/// The port in an authority; `None` when it has none.
fn port(authority: &Authority) -> Result<Option<u16>, BadBase> {
    let after_host = authority
        .as_str()
        .strip_prefix(authority.host())
        .unwrap_or_default();
    match after_host.strip_prefix(':') {
        None => Ok(None),
        Some(digits) => digits
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .map(Some)
            .ok_or(BadBase::Port),
    }
}

const fn usual_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

/// A cluster of Envoy's either speaks TLS or does not.
pub(super) fn one_kind_of_connection(drafts: &[Draft], findings: &mut Findings<'_>) {
    let mut known: HashMap<&str, &Draft> = HashMap::new();
    for draft in drafts {
        let endpoint = &draft.deployment.endpoint;
        let first = *known.entry(&endpoint.cluster).or_insert(draft);
        if first.deployment.endpoint.tls != endpoint.tls {
            let trouble = Trouble::ClusterConflict {
                cluster: endpoint.cluster.clone(),
                other: first.at.clone(),
            };
            findings.fault(draft.at.clone(), trouble);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        let base = Base::parse(text).unwrap();
        let cluster = Template::usual().fill(&base);
        base.at(cluster)
    }

    #[test]
    fn an_address_is_taken_apart() {
        let expected = Endpoint {
            cluster: "api.openai.com_443".to_owned(),
            tls: true,
            host: "api.openai.com".to_owned(),
            port: 443,
            authority: "api.openai.com".to_owned(),
            base_path: "/v1".to_owned(),
        };
        assert_eq!(endpoint("https://API.OpenAI.com/v1/"), expected);
        assert_eq!(endpoint(" HTTPS://api.openai.com:443/v1 "), expected);
    }

    #[test]
    fn the_authority_has_a_port_that_is_not_the_scheme_s() {
        assert_eq!(endpoint("http://llm:8000").authority, "llm:8000");
        assert_eq!(endpoint("http://llm:443").authority, "llm:443");
        assert_eq!(endpoint("http://llm:80/").authority, "llm");
    }

    #[test]
    fn ipv6_addresses_have_brackets_only_in_the_authority() {
        let six = endpoint("http://[2001:DB8::1]:8000/v1");
        assert_eq!(
            (
                six.host.as_str(),
                six.authority.as_str(),
                six.cluster.as_str()
            ),
            ("2001:db8::1", "[2001:db8::1]:8000", "2001:db8::1_8000")
        );
        assert_eq!(endpoint("https://[::1]").authority, "[::1]");
    }

    #[test]
    fn bad_addresses_are_refused_with_the_reason() {
        let cases = [
            ("ftp://x", BadBase::Scheme),
            ("api.openai.com/v1", BadBase::Scheme),
            ("https://", BadBase::Invalid),
            ("https:///v1", BadBase::Invalid),
            ("https://a b/", BadBase::Invalid),
            ("https://ex$mple/", BadBase::Invalid),
            ("https://[::1", BadBase::Invalid),
            ("https://[nope]/", BadBase::Invalid),
            ("https://žluť/", BadBase::Invalid),
            ("https://u:p@host/", BadBase::UserInfo),
            ("https://host/?a=b", BadBase::Query),
            ("https://host/#a", BadBase::Fragment),
            ("https://host:0/", BadBase::Port),
            ("https://host:65536/", BadBase::Port),
            ("https://host:/", BadBase::Port),
        ];
        for (text, why) in cases {
            assert_eq!(Base::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_template_names_the_cluster() {
        let base = Base::parse("https://api.openai.com").unwrap();
        let fill = |template: &str| Template::parse(template).map(|template| template.fill(&base));
        assert_eq!(
            fill("outbound|{port}||{host}"),
            Ok("outbound|443||api.openai.com".to_owned())
        );
        assert_eq!(
            fill("{scheme}-{host}"),
            Ok("https-api.openai.com".to_owned())
        );
        assert_eq!(fill("{hots}"), Err(Trouble::Placeholder("hots".to_owned())));
        assert_eq!(fill("{host"), fill("{host}"));
        assert_eq!(fill("a b"), Err(Trouble::Characters));
    }
}
