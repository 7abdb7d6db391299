-- A service of Timescale Cloud comes with it; a server of one's own does not.
CREATE EXTENSION IF NOT EXISTS timescaledb;
