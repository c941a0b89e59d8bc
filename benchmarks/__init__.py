"""What is measured, and how. Nothing in here runs in service."""
