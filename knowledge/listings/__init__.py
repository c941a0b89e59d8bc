"""What is listed by date or by place: fairs and other events, and companies. Curated by editors, or fetched from feeds; see docs/feeds.md."""
