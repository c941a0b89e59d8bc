"""Input channels of the Rasa server. Both listen on loopback only."""
