"""What the bot knows: the content, its schema, the store, and the search. This package imports no other room of the house."""
