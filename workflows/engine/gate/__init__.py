"""The publish gate: what a drawing would do, found out before it is published."""
