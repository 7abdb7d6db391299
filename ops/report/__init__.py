"""What Doc-DA-002 promises against what a stack declares, as one page (`make report`)."""
