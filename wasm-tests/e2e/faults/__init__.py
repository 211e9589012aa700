"""The fault matrix: every way a provider fails, what the client must see of it, and how it is played in a real Envoy."""
