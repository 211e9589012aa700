//! JSON read in place: bodies are validated and their members found without building a tree,
//! so that what the gateway has no business with is never copied or respelled.

mod array;
mod compact;
mod members;
mod reader;
mod splice;
mod text;
mod writer;

pub use array::{Change, edit_array, elements};
pub use compact::{compact, mend_surrogates};
pub use members::{Member, Members};
pub use reader::{Fault, MAX_DEPTH, Reader};
pub use splice::Splice;
pub use text::{Text, push_string, quote};
pub use writer::{Array, Object};
