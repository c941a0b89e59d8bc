"""Finding the unit that answers a question: names, terms, comparison, what was learned, and how sure it is."""
