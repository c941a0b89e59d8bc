"""The gateway over HTTP. The interface is described in docs/gateway-api.md."""
