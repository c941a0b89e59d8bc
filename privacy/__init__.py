"""What protects people whatever they write. It knows nobody, so that every room may use it."""
