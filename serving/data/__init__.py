"""The way to the rows and back: one tenant a transaction, freshness, kept answers, pages, the audit log."""
