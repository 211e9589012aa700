//! What clients, metrics and logs are told of what was tried.

use core::time::Duration;

use dragoman::gateway::transport;
use dragoman::usage::metrics::Counter;
use serde_json::json;
use wasm_tests::world::{Upstream, World};

use crate::rule;
use crate::scenario::{
    Setting, ask, ask_stream, asked, attempts, error, fails, good, good_stream, key, text,
};

#[rule]
fn retries_are_counted_by_reason_and_every_attempt_is_logged() {
    Setting::pair().in_both(|world| {
        let mut visit = world.send(ask(""));
        visit.wait(Duration::from_millis(30));
        visit.next(&fails(503));
        visit.next(&good("hello"));
        visit.close();
        let counted = visit.ledger().total(Counter::Retries {
            reason: "overloaded",
        });
        assert_eq!(counted, 1);
        let asked = asked(&visit).join(" ");
        let logged = attempts(&visit);
        assert_eq!(format!("{} {}", logged[0].0, logged[1].0), asked);
        assert_eq!((&*logged[0].1, &*logged[1].1), ("overloaded", "ok"));
        let facts = visit.ledger().facts();
        assert_eq!(facts["retries"], 1);
        assert_eq!(facts["attempts"][0]["ms"], 30);
        assert!(facts.get("error").is_none(), "{facts}");
        assert_eq!(visit.ledger().requests(), [("chat", 200)]);
        assert_eq!(visit.ledger().in_out(), (1000, 100));
    });
}

#[rule]
fn the_final_error_says_which_attempts_were_made_and_no_secret() {
    Setting::pair()
        .router(json!({"num_retries": 1}))
        .in_both(|world| {
            let telling = |id: &str| {
                let body =
                    json!({"error": {"message": format!("bad key {}", key(id)), "code": key(id)}});
                Upstream::json(503, body.to_string()).header("x-request-id", key(id))
            };
            let mut visit = world.send(ask(""));
            for turn in 0..2 {
                let id = asked(&visit)[turn].to_owned();
                visit.next(&telling(&id));
            }
            visit.close();
            assert_eq!(visit.client().status, 503);
            let words = error(visit.client())["message"].to_string();
            for id in asked(&visit) {
                assert!(
                    words.contains(&format!("{id}: overloaded after 0 ms")),
                    "{words}"
                );
            }
            let all = format!(
                "{:?} {} {}",
                visit.client().head,
                visit.client().text(),
                visit.ledger().facts()
            );
            assert!(!all.contains("credential-of"), "{all}");
            let values: Vec<&[u8]> = visit.client().head.iter().map(|(_, value)| value).collect();
            assert!(
                !values
                    .iter()
                    .any(|value| value.starts_with(b"credential-of"))
            );
        });
}

#[rule]
fn a_key_in_an_answer_is_blacked_out_whoever_brought_it() {
    Setting::pair().in_both(|world| {
        for (call, answer) in [
            (ask(""), good as fn(&str) -> Upstream),
            (ask_stream(""), good),
            (ask_stream(""), good_stream),
        ] {
            world.forget();
            let mut visit = world.send(call);
            visit.next(&fails(500));
            let id = asked(&visit)[1].to_owned();
            visit.next(&answer(&key(&id)).header("x-echo", key(&id)));
            visit.close();
            assert_eq!(text(visit.client()), "[redacted]");
            assert_eq!(visit.client().header("x-echo"), None);
        }
    });
}

#[rule]
fn an_answer_is_marked_final_where_envoy_would_bring_the_request_again_and_nowhere_else() {
    for (transport, mark) in [("dispatch", None), ("envoy", Some("1"))] {
        let marked = |world: &mut World, call, upstreams: &[Upstream]| {
            let visit = world.send(call).answered_in_turn(upstreams);
            assert_eq!(
                visit.client().header(transport::FINAL),
                mark,
                "{upstreams:?}"
            );
            let marks = visit
                .client()
                .head
                .iter()
                .filter(|(name, _)| *name == transport::FINAL);
            assert_eq!(marks.count(), usize::from(mark.is_some()));
        };
        let world = &mut Setting::pair().world(transport);
        for forged in [good("hello"), good("hello").header(transport::FINAL, "0")] {
            marked(world, ask(""), core::slice::from_ref(&forged));
            marked(world, ask(""), &[fails(500), forged]);
        }
        marked(world, ask_stream(""), &[good_stream("hello")]);
        marked(world, ask_stream(""), &[fails(500), good_stream("hello")]);
        marked(world, ask(""), &[fails(400).header(transport::FINAL, "0")]);
        marked(
            world,
            ask(""),
            &[good("zipped").header("content-encoding", "gzip")],
        );
        marked(world, ask(r#","mock_response":"hello""#), &[]);
        marked(world, ask(r#","stream":7"#), &[]);
    }
}
