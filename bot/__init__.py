"""Code that runs inside the Rasa server: understanding, replies, channels, and the tracker store."""
