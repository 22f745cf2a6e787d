"""MCP server of AdTarget: tools with which an assistant reads an account through the REST API."""
