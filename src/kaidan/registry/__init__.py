"""Everything that opens MLflow: training runs, registered versions, promotion."""
