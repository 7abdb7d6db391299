"""What Doc-DA-002 promises against what a stack declares: targets, cost, capacity, phases, one page (make report)."""
