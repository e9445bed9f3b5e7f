"""Set a bare machine up for the project: `make setup`, `make up`, `make down` and `make test`.

Runs on the system's Python with its standard library alone; the virtual environment is among the
things it makes.
"""
