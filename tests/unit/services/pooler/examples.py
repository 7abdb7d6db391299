"""A configuration of the read router."""

from services.pooler.configuration import Configuration

RAW = {
    "primary": "pg-primary",
    "replicas": {"b": "pg-b", "c": "pg-c"},
    "port": 5432,
    "database": "app",
    "services": [{"name": "app", "maximumLag": 1}, {"name": "app_relaxed", "maximumLag": 30}],
    "checkEvery": 0.5,
    "answerWithin": 1,
    "recoverAfter": 3,
    "fallback": {"poolSize": 7},
    "signing": {"user": "pooler", "passwordFile": "/run/pooler/password", "certificateAuthority": "/run/pooler/ca.pem"},
    "console": "host=/run/pooler/read port=6433 dbname=pgbouncer user=pgbouncer",
    "databasesFile": "/run/pooler/databases.ini",
    "certificate": "/run/pooler/certificate.pem",
    "statusAddress": "127.0.0.1",
    "statusPort": 8080,
}
CONFIGURATION = Configuration.model_validate(RAW)
