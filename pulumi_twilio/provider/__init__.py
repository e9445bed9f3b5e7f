"""What the Pulumi engine runs: the provider protocol over the declarations."""
