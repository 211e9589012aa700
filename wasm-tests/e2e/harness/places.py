"""Where things are, so that no test has a path of its own."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

DEFINITIONS = ROOT / "wasm-tests" / "definitions"
DEMO = ROOT / "envoy" / "demo"
DRAGOMAN = ROOT / "dist" / "dragoman"
ENVOY = Path(os.environ.get("ENVOY") or ROOT / ".venv" / "bin" / "envoy")
MODULE = ROOT / "dist" / "dragoman.wasm"
NODE_CLIENTS = ROOT / "wasm-tests" / "e2e" / "clients"
NODE_SCRIPTS = ROOT / "wasm-tests" / "e2e" / "node"
README = ROOT / "README.md"
STAND_IN = TARGET / "release" / "stand-in"
