"""Completes the OpenAPI document: what drf-spectacular cannot read from views and serializers."""
