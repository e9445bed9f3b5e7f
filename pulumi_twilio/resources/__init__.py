"""Typed Twilio resources for Pulumi programs, one module per product."""

from pulumi_twilio.resources import flex, serverless, sync, taskrouter
from pulumi_twilio.resources.provider import Provider

__all__ = ["Provider", "flex", "serverless", "sync", "taskrouter"]
