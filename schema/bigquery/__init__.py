"""What lives in BigQuery beside the tables that Pulumi declares: tables, views and routines (BQ-SVC, WL-OLAP)."""
