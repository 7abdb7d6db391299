"""What a person runs between deployments: `python -m ops --help`."""
