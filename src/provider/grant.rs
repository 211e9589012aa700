//! Access tokens that must be fetched before a vendor can be asked: what to ask for them, and how the answer is read.
//!
//! Three ways, all of OAuth 2: a service account's signed claims (RFC 7523, as Google has it), and a client's id and secret in the
//! form (RFC 6749 §4.4, as Microsoft has it) or in the head (RFC 6749 §2.3.1, as Databricks has it).

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::value::secret::Secret;
use crate::value::time::Timestamp;
use crate::wire::json::Object;

/// How long a service account's claims hold; Google takes no longer ones.
const CLAIMS_HOLD: u64 = 3_600;
/// How long a token holds whose answer does not say (RFC 6749 §5.1 leaves it to documentation; an hour is everybody's).
const USUAL: u64 = 3_600;

/// Signs bytes by RSASSA-PKCS1-v1_5 with SHA-256 under a key in PEM; `None` when that key will not do.
pub type Sign<'a> = &'a dyn Fn(&str, &[u8]) -> Option<Vec<u8>>;

/// A token that must be fetched.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Tells it from others: whose it is, and for what. No secret.
    pub name: String,
    /// Where it is fetched, as an address.
    pub url: String,
    /// What is shown for it.
    pub proof: Proof,
}

/// What is shown for a token.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A client's id and secret.
    Client {
        /// The id.
        id: String,
        /// Whether they stand in the head instead of the form.
        in_head: bool,
        /// What the token is for.
        scope: String,
        /// The secret.
        secret: Secret,
    },
    /// A service account's claims, signed.
    ServiceAccount {
        /// For whom the claims are.
        audience: String,
        /// Whose they are.
        email: String,
        /// Its key, in PEM.
        key: Secret,
        /// The key's id.
        key_id: Option<String>,
        /// What the token is for.
        scope: String,
    },
}

/// What to ask.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    /// The value of `authorization`, if there is one.
    pub authorization: Option<String>,
    /// The form.
    pub body: String,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// How long it holds.
    pub holds: Duration,
    /// It.
    pub text: String,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoToken {
    /// Whether the credential was refused, so that it will not do again either.
    pub refused: bool,
    /// Why, in words; never the credential's.
    pub words: String,
}

impl Grant {
    /// Google's: what `text`, the JSON key of a service account, is good for.
    ///
    /// # Errors
    /// What is wrong with the key, in words that do not repeat it.
    pub fn of_service_account(text: &str) -> Result<Grant, &'static str> {
        const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
        const URL: &str = "https://oauth2.googleapis.com/token";
        let key: Value = serde_json::from_str(text).map_err(|_| "is not JSON")?;
        let of = |name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
        let email = of("client_email").ok_or("has no `client_email`")?;
        let pem = of("private_key").ok_or("has no `private_key`")?;
        if !pem.contains("PRIVATE KEY-----") {
            return Err("has a `private_key` that is not PEM");
        }
        let url = of("token_uri").unwrap_or_else(|| URL.to_owned());
        Ok(Grant {
            name: format!("google/{email}"),
            proof: Proof::ServiceAccount {
                // Google's own libraries claim this audience wherever the token is fetched.
                audience: URL.to_owned(),
                email,
                key: Secret::new(pem),
                key_id: of("private_key_id"),
                scope: SCOPE.to_owned(),
            },
            url,
        })
    }

    /// What to ask for it now.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn question(&self, now: Timestamp, sign: Sign<'_>) -> Result<Question, NoToken> {
        match &self.proof {
            Proof::Client {
                id,
                in_head,
                scope,
                secret,
            } => Ok(client(id, secret, scope, *in_head)),
            Proof::ServiceAccount { key, .. } => {
                let claims = self.claims(now);
                let signature = sign(key.expose(), claims.as_bytes()).ok_or_else(|| NoToken {
                    refused: true,
                    words: "the service account's private key cannot sign".to_owned(),
                })?;
                let signature = URL_SAFE_NO_PAD.encode(signature);
                Ok(Question {
                    authorization: None,
                    body: format!(
                        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={claims}.{signature}"
                    ),
                })
            }
        }
    }

    /// The head and the claims of a service account's assertion, ready to be signed; empty for other proofs.
    #[must_use]
    pub fn claims(&self, now: Timestamp) -> String {
        let Proof::ServiceAccount {
            audience,
            email,
            key_id,
            scope,
            ..
        } = &self.proof
        else {
            return String::new();
        };
        let (mut head, mut claims) = (Vec::new(), Vec::new());
        Object::write(&mut head, |object| {
            object.string("alg", "RS256");
            object.string("typ", "JWT");
            if let Some(id) = key_id {
                object.string("kid", id);
            }
        });
        let issued = now.seconds();
        Object::write(&mut claims, |object| {
            object.string("iss", email);
            object.string("scope", scope);
            object.string("aud", audience);
            object.number("iat", issued);
            object.number("exp", issued.saturating_add(CLAIMS_HOLD));
        });
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(head),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }
}

fn client(id: &str, secret: &Secret, scope: &str, in_head: bool) -> Question {
    let quoted = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let scope = quoted(scope);
    if in_head {
        let pair = STANDARD.encode(format!("{id}:{}", secret.expose()));
        return Question {
            authorization: Some(format!("Basic {pair}")),
            body: format!("grant_type=client_credentials&scope={scope}"),
        };
    }
    let (id, secret) = (quoted(id), quoted(secret.expose()));
    Question {
        authorization: None,
        body: format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope={scope}"
        ),
    }
}

/// Reads the answer to a question (RFC 6749 §5).
///
/// # Errors
/// Why it is no token.
pub fn read(status: u16, body: &[u8]) -> Result<Token, NoToken> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let of = |name: &str| answer.get(name).and_then(Value::as_str);
    if !(200..300).contains(&status) {
        let why = of("error").unwrap_or("no reason");
        let details = of("error_description").unwrap_or_default();
        let details: String = details.chars().take(300).collect();
        return Err(NoToken {
            refused: matches!(status, 400 | 401 | 403),
            words: format!("the token endpoint answered {status}: {why} {details}")
                .trim_end()
                .to_owned(),
        });
    }
    let text = of("access_token").filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| NoToken {
        refused: false,
        words: "the token endpoint answered without a token".to_owned(),
    })?;
    let holds = answer.get("expires_in");
    // Some servers quote the number.
    let quoted = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    let holds = holds.and_then(|value| value.as_u64().or_else(|| quoted(value)));
    Ok(Token {
        holds: Duration::from_secs(holds.unwrap_or(USUAL)),
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(more: &str) -> String {
        format!(
            r#"{{"type":"service_account","client_email":"gw@proj-1.iam.gserviceaccount.com","private_key":"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"{more}}}"#
        )
    }

    fn nobody(_: &str, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    #[test]
    fn claims_are_googles_to_the_letter() {
        let grant = Grant::of_service_account(&account(r#","private_key_id":"k1""#)).unwrap();
        let now = Timestamp::from_nanos(1_768_480_496_000_000_000);
        assert_eq!(
            grant.claims(now),
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJpc3MiOiJnd0Bwcm9qLTEuaWFtLmdzZXJ2aWNlYWNjb3VudC5jb20iLCJzY29wZSI6Imh0dHBzOi8vd3d3Lmdvb2dsZWFwaXMuY29tL2F1dGgvY2xvdWQtcGxhdGZvcm0iLCJhdWQiOiJodHRwczovL29hdXRoMi5nb29nbGVhcGlzLmNvbS90b2tlbiIsImlhdCI6MTc2ODQ4MDQ5NiwiZXhwIjoxNzY4NDg0MDk2fQ"
        );
    }

    #[test]
    fn an_assertion_is_claims_and_their_signature() {
        let grant = Grant::of_service_account(&account("")).unwrap();
        let now = Timestamp::default();
        let sign = |_: &str, text: &[u8]| {
            assert_eq!(text, grant.claims(now).as_bytes());
            Some(vec![0xfb, 0xff])
        };
        let body = grant.question(now, &sign).unwrap().body;
        assert!(body.ends_with(&format!("&assertion={}.-_8", grant.claims(now))));
        assert!(grant.question(now, &nobody).unwrap_err().refused);
    }

    #[test]
    fn a_key_that_is_none_is_told_without_repeating_it() {
        for (text, why) in [
            ("{", "is not JSON"),
            ("{}", "has no `client_email`"),
            (r#"{"client_email":"a"}"#, "has no `private_key`"),
            (
                r#"{"client_email":"a","private_key":"hidden"}"#,
                "has a `private_key` that is not PEM",
            ),
        ] {
            assert_eq!(Grant::of_service_account(text).unwrap_err(), why);
        }
    }

    #[test]
    fn a_clients_secret_stands_in_the_form_or_in_the_head() {
        let secret = Secret::new("a b&c".to_owned());
        let form = client("me", &secret, "all-apis", false);
        assert_eq!(
            form.body,
            "grant_type=client_credentials&client_id=me&client_secret=a%20b%26c&scope=all%2Dapis"
        );
        let head = client("me", &secret, "all-apis", true);
        assert_eq!(head.authorization.as_deref(), Some("Basic bWU6YSBiJmM="));
        assert!(!head.body.contains("client_secret"));
    }

    #[test]
    fn an_answer_is_a_token_or_why_there_is_none() {
        let token = read(200, br#"{"access_token":"ya29","expires_in":3599}"#).unwrap();
        assert_eq!((token.text.as_str(), token.holds.as_secs()), ("ya29", 3599));
        let quoted = read(200, br#"{"access_token":"t","expires_in":"60"}"#).unwrap();
        assert_eq!(quoted.holds.as_secs(), 60);
        let refused = read(
            400,
            br#"{"error":"invalid_grant","error_description":"bad"}"#,
        );
        let refused = refused.unwrap_err();
        assert!(refused.refused && refused.words.ends_with("400: invalid_grant bad"));
        assert!(!read(503, b"down").unwrap_err().refused);
        assert!(read(200, b"{}").is_err());
    }
}
