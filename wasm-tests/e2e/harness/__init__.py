"""What the end-to-end tests stand on: processes, the gateway, the stand-in provider, and raw HTTP."""
