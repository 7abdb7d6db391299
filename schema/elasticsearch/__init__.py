"""What lives inside Elasticsearch: analysis, templates, versioned indices behind aliases, policies, roles, API keys."""
