"""Backups: one archive of the database and the data folder, verified by restoring it somewhere else."""
