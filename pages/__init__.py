"""Public pages: printable checklists, events and reminders for calendars."""
