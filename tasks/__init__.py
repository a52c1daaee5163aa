"""What needs a queue or a clock: the Celery application, its schedule and thin jobs."""
