//! `model_info.mode`: what LiteLLM calls the operations a model is for.

use super::faults::Trouble;
use super::section::{Findings, Section};

/// Modes of models that can be asked.
const MODES: [&str; 9] = [
    "audio_speech",
    "audio_transcription",
    "chat",
    "completion",
    "embedding",
    "image_generation",
    "moderation",
    "rerank",
    "responses",
];

/// Tells of a mode that is not answered: a deployment for it would be sent something else.
pub(super) fn check(info: &Section<'_>, findings: &mut Findings<'_>) {
    let mode = info.name("mode", &findings.env);
    if let Some(mode) = mode.filter(|mode| !MODES.contains(&mode.value.as_str())) {
        findings.fault(
            info.place("mode"),
            Trouble::NotYet {
                what: "the mode",
                name: mode.written,
            },
        );
    }
}
