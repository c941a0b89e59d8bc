"""The talk around forms: answers by taps or free words, questions in between, corrections, cancel. See README.md here."""
