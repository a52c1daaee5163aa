"""The product on one machine with nothing installed by hand: its settings, its foundation, its processes."""
