-- What was ordered, one row a line of an order as it stands now, loaded from PostgreSQL by load_order_items.
-- Requirements: BQ-SVC, WL-OLAP
CREATE TABLE IF NOT EXISTS `${analytics}.order_items` (
    ordered_on DATE NOT NULL OPTIONS (description = 'Day in Japan on which it was ordered'),
    order_id STRING NOT NULL OPTIONS (description = 'Id of the order in PostgreSQL'),
    line INTEGER NOT NULL OPTIONS (description = 'Number of the line in its order, from 1'),
    ordered_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was ordered'),
    updated_at TIMESTAMP NOT NULL OPTIONS (description = 'When the order last changed in PostgreSQL'),
    user_id STRING NOT NULL OPTIONS (description = 'Pseudonymous id of the user'),
    product_id STRING NOT NULL OPTIONS (description = 'Id of the product in PostgreSQL'),
    status STRING NOT NULL OPTIONS (description = 'pending, paid, shipped, completed, cancelled or refunded'),
    quantity INTEGER NOT NULL OPTIONS (description = 'Pieces'),
    unit_price NUMERIC NOT NULL OPTIONS (description = 'Price of a piece in the currency beside it'),
    currency STRING NOT NULL OPTIONS (description = 'ISO 4217 code, e.g. JPY')
)
PARTITION BY ordered_on
CLUSTER BY product_id, status
OPTIONS (
    require_partition_filter = TRUE,
    description = 'Lines of orders, one row each as it stands now',
    labels = [('layer', 'facts')]
);
