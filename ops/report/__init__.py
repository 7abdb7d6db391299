"""What Doc-DA-002 promises against what a stack declares: targets, cost, capacity, phases, as one page (make report)."""
