"""Look over a deployment and say what is wrong and what to do; nothing is changed."""

from taskrouter_ops.doctor.examination import examine
from taskrouter_ops.doctor.findings import Deployment, Finding, Outcome, worst

__all__ = ["Deployment", "Finding", "Outcome", "examine", "worst"]
