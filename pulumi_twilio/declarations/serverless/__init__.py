"""Declarations of Twilio Serverless: services, their functions and what is deployed."""
