"""The coordinators' desk: where people take conversations from the bot, talk, and hand them back. Imports gateway and knowledge only."""
