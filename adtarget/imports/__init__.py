"""Imports of many conversions from a file: read, mapped, tried out, then recorded piece by piece."""
