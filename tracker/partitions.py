"""The tables of the tracker that are partitioned on PostgreSQL."""

from adtarget.core.partitions.tables import PartitionedTable

VISITS = PartitionedTable("tracker_visit", "vis")
SESSIONS = PartitionedTable("tracker_trackingsession", "ses")
