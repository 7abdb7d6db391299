"""What the stores' schemas have in common: ordered files, their ledger, steps, errors, the environment."""

from schema.kit.cloud_run import patience, reached
from schema.kit.environment import Environment, load_environment
from schema.kit.errors import SchemaError
from schema.kit.files import File, ordered_files, read_file, unordered_files
from schema.kit.lease import RENEWALS, Clock, Lease, holder
from schema.kit.ledger import Record, pending
from schema.kit.store import Action, Step, Store
from schema.kit.strict_yaml import read_yaml

__all__ = [
    "RENEWALS",
    "Action",
    "Clock",
    "Environment",
    "File",
    "Lease",
    "Record",
    "SchemaError",
    "Step",
    "Store",
    "holder",
    "load_environment",
    "ordered_files",
    "patience",
    "pending",
    "reached",
    "read_file",
    "read_yaml",
    "unordered_files",
]
