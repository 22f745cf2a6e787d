"""Daily reports: figures of past days, counted once, so that a page reads them instead of the rows."""
