"""The desk's pages, one module a subject. Each declares its addresses, and the right each needs, in PAGES."""
