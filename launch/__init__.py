"""Starts and stops the assistant on one machine: environment, knowledge, model, processes, the terminal chat."""
