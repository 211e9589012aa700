//! Envoy. The only folder that knows it: callbacks come in here and host calls go out.

mod abi;
mod calls;
mod entropy;
mod legs;
mod local;
mod meters;
mod outer;
mod queue;
mod reactor;
mod root;
mod shared;
mod stream;
mod worker;

use crate::gateway::transport::OUTER;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
    proxy_wasm::set_root_context(|_| root());
}}

/// The gateway, or what stands before it when Envoy does the retrying.
fn root() -> Box<dyn proxy_wasm::traits::RootContext> {
    if calls::machine_configuration() == OUTER.as_bytes() {
        Box::new(outer::Root::default())
    } else {
        Box::new(root::Root::default())
    }
}
