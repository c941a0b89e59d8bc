"""Custom actions, one module per thing a person can ask for. They stay thin: what to say is decided in decision.py, from knowledge/."""
