//! Envoy. The only folder that knows it: callbacks come in here and host calls go out.

mod abi;
mod calls;
mod entropy;
mod legs;
mod local;
mod meters;
mod reactor;
mod root;
mod shared;
mod stream;
mod worker;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
