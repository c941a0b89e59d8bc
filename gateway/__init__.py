"""The only public process: stores every message, decides who owns a conversation, runs the bot's turns, and sends everything through one outbox."""
