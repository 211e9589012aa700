//! The floor of Wasm itself: a filter that only names the cluster, so that benchmarks can tell what the rest costs.

#[cfg(target_os = "wasi")]
mod floor {
    use proxy_wasm::traits::{Context, HttpContext, RootContext};
    use proxy_wasm::types::{Action, ContextType, LogLevel};

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Warn);
        proxy_wasm::set_root_context(|_| Box::new(Root { cluster: String::new() }));
    }}

    /// Knows the cluster: the plugin's configuration is its name.
    struct Root {
        cluster: String,
    }

    /// One request.
    struct Stream {
        cluster: String,
    }

    impl Context for Root {}

    impl RootContext for Root {
        fn on_configure(&mut self, _size: usize) -> bool {
            let name = self
                .get_plugin_configuration()
                .and_then(|name| String::from_utf8(name).ok());
            self.cluster = name.unwrap_or_default();
            !self.cluster.is_empty()
        }

        fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
            Some(Box::new(Stream {
                cluster: self.cluster.clone(),
            }))
        }

        fn get_type(&self) -> Option<ContextType> {
            Some(ContextType::HttpContext)
        }
    }

    impl Context for Stream {}

    impl HttpContext for Stream {
        fn on_http_request_headers(&mut self, _count: usize, _last: bool) -> Action {
            self.set_http_request_header("x-dragoman-cluster", Some(&self.cluster));
            Action::Continue
        }
    }
}
