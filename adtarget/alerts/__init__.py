"""Alerts the people of an account about problems: finds, opens, sends, reminds, closes."""
