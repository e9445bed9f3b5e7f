"""The Pulumi command line with its Python language host, by the first of three ways that works."""
