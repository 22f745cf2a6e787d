"""Tables of PostgreSQL that are partitioned by time, so that what is old is dropped and not deleted row by row.

docs/decisions/partitions.md says which tables are, why, and how the parts lie.
"""
