"""The gateway's tables and its database."""
