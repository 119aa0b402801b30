"""Counts for the dashboard and the alarms; never with an id as dimension, each would cost."""

from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Huiyin"


def count(name: str, value: int = 1) -> None:
    """Count something that happened, such as `MailQuarantined`; written to the log (EMF)."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE):
        pass
